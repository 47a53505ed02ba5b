import { writeLines } from '../archive/writer.ts';
import { objectName } from '../storage/layout.ts';
import type { IndexPlan } from '../stores/repository-store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type {
  Applied,
  IndexWish,
  Plan,
  PlanLine,
  Proof,
  RestoreRequest,
} from '../workflows/contract/restore.ts';
import { inShards } from './capture-indices.ts';
import { type IndexSources, withIndexSources } from './index-sources.ts';
import { readIdentities } from './open.ts';
import { jobOf, type Step } from './step.ts';
import { readPlan } from './stored-plan.ts';

/** Says index by index what a restore would make and replace, and stores that. Changes nothing. */
export async function planIndices(
  step: Step,
  {
    job: name,
    restoreId,
    request,
  }: { readonly job: string; readonly restoreId: string; readonly request: RestoreRequest },
): Promise<Plan> {
  const wish = wishOf(request);
  const wanted = { job: name, toJob: request.toJob ?? name, backup: request.backup ?? 'latest' };
  step.onProgress({ phase: 'planning', records: 0, bytes: 0 });
  return withIndexSources(step, wanted, async ({ job, target, storage, store, manifest, facts }) => {
    const lines = (await store.planRestore(facts, wish, step.signal)).map(lineOf);
    if (lines.length === 0) {
      throw new HoldfastError(
        'BadRequest',
        `Backup ${manifest.id} holds no index that ${wish.indices.join(', ')} names.`,
      );
    }
    const { recipients } = job.encryption;
    const writing = writeLines(textOf(lines), { recipients });
    const object = `restores/${restoreId}/plan.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await storage.put(objectName(job.name, object), writing.bytes, { signal: step.signal });
    const count = (op: PlanLine['op']) => lines.filter((line) => line.op === op).length;
    return {
      ...{ restoreId, job: job.name, toJob: target.name, backup: manifest.id },
      mode: wish.into.how === 'rename' ? 'missing-only' : 'overwrite',
      ...{ from: manifest.scope, to: manifest.scope, add: count('add'), change: count('change'), remove: 0 },
      ...{ equal: 0, keep: 0, refused: count('refuse') },
      indices: wish,
      ...(count('change') === 0 && { harmless: true }),
      examples: examplesOf(lines),
      storeIndex: String(Date.now()),
      digest: writing.sealed().plainSha256,
      object,
    };
  });
}

/** @throws RestoreConflict, RestoreUnproven, and what the cluster refuses */
export async function applyIndices(step: Step, plan: Plan): Promise<Applied> {
  return withIndexSources(step, plan, async (sources) => {
    const lines = await readIndexPlan(step, sources, plan);
    await sources.store.applyRestore(sources.snapshot, lines, wishIn(plan), {
      signal: step.signal,
      onProgress: (progress) => step.onProgress({ phase: 'writing', ...inShards(progress) }),
    });
    const refused = lines.filter(({ op }) => op === 'refuse');
    return {
      ...{
        added: plan.add,
        changed: plan.change,
        removed: 0,
        already: 0,
        conflicts: 0,
        refused: refused.length,
      },
      examples: refused
        .slice(0, 20)
        .map(({ target, reason }) => ({ key: target, reason: reason ?? 'refused' })),
    };
  });
}

/** Counts and samples; then, where the request wants it, the aliases. */
export async function proveIndices(step: Step, plan: Plan): Promise<Proof> {
  step.onProgress({ phase: 'proving', records: 0, bytes: 0 });
  return withIndexSources(step, plan, async (sources) => {
    const { store, facts } = sources;
    const lines = await readIndexPlan(step, sources, plan);
    const { indices, documents, samples, differing, examples, notCounted } = await store.proveRestore(
      facts,
      lines,
      {
        signal: step.signal,
        onIndex: (count) =>
          step.onProgress({ phase: 'proving', records: count, bytes: 0, recordsTotal: lines.length }),
      },
    );
    const swap = differing === 0 && wishIn(plan).swapAliases;
    const aliases = swap ? await store.swapAliases(facts, lines, step.signal) : undefined;
    return {
      ...{ compared: indices, differing, examples, documents, samples, notCounted },
      ...(aliases && { aliases }),
      storeIndex: String(Date.now()),
      provenAt: new Date().toISOString(),
    };
  });
}

/** @throws BadRequest where the request is one for keys, or contradicts itself */
function wishOf(request: RestoreRequest): IndexWish {
  const {
    indices = '*',
    rename,
    inPlace,
    indexSettings = {},
    keepLifecycle = false,
    swapAliases = false,
  } = request;
  const forKeys = (['prefix', 'toPrefix', 'mode'] as const).filter((name) => request[name] !== undefined);
  if (forKeys.length > 0) {
    const names = forKeys.join(', ');
    throw new HoldfastError('BadRequest', `The job stands for indices; ${names} is for stores of keys.`);
  }
  if (inPlace !== undefined && (rename !== undefined || swapAliases)) {
    throw new HoldfastError(
      'BadRequest',
      'inPlace keeps names and aliases; it goes without rename and swapAliases.',
    );
  }
  return {
    indices: indices.split(',').map((name) => name.trim()),
    into:
      inPlace === undefined
        ? { how: 'rename', pattern: '(.+)', replacement: rename ?? 'restored-$1' }
        : { how: inPlace },
    settings: indexSettings,
    keepLifecycle,
    swapAliases,
  };
}

function wishIn({ indices }: Plan): IndexWish {
  if (indices === undefined) throw new HoldfastError('Defect', 'A plan for indices does not say how.');
  return indices;
}

async function readIndexPlan(
  step: Step,
  { job, storage }: IndexSources,
  plan: Plan,
): Promise<readonly IndexPlan[]> {
  const identities = await readIdentities(jobOf(step.config, job.name));
  const lines: IndexPlan[] = [];
  for await (const batch of readPlan({ job, storage, identities }, plan, step.signal)) {
    for (const { op, key = '', from = '', seen, reason } of batch) {
      if (op === 'remove') throw new HoldfastError('Defect', 'A plan for indices removes nothing.');
      lines.push({ op, index: from, target: key, seen, ...(reason !== undefined && { reason }) });
    }
  }
  return lines;
}

function lineOf({ op, index, target, seen, reason }: IndexPlan): PlanLine {
  return { op, key: target, from: index, seen, ...(reason !== undefined && { reason }) };
}

async function* textOf(lines: readonly PlanLine[]): AsyncGenerator<Buffer> {
  for (const line of lines) yield await Promise.resolve(Buffer.from(`${JSON.stringify(line)}\n`));
}

const mostExamples = 10;

function examplesOf(lines: readonly PlanLine[]): readonly PlanLine[] {
  return (['add', 'change', 'refuse'] as const).flatMap((op) =>
    lines.filter((line) => line.op === op).slice(0, mostExamples),
  );
}
