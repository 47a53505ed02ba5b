import { writeLines } from '../archive/writer.ts';
import { findReliable } from '../storage/find.ts';
import { objectName } from '../storage/layout.ts';
import { countBindings } from '../stores/bindings.ts';
import { planLine, type PlanItem, planWrites } from '../stores/plan.ts';
import type { Plan, PlanLine, PlanRestoreInput } from '../workflows/contract/restore.ts';
import { documentsOf } from './backup-reading.ts';
import { holdsIndices, withStorage } from './open.ts';
import {
  checkRequest,
  refuseIndices,
  refuseOtherStore,
  refuseWhole,
  scopesOf,
  targetOf,
} from './restore-request.ts';
import { readBothSides, type RestoreSources, withSources } from './restore-sources.ts';
import { planDocuments } from './plan-documents.ts';
import { planIndices } from './restore-indices.ts';
import { planWhole } from './plan-whole.ts';
import { jobOf, type Step } from './step.ts';

/**
 * Compares the backup, all of whose digests are checked on the way, with the live store, and stores what a restore
 * would do, line by line. Changes nothing.
 *
 * @throws BadRequest, BackupNotFound, ArchiveCorrupt, and what stores and storages throw
 */
export async function planRestore(step: Step, input: PlanRestoreInput): Promise<Plan> {
  const request = checkRequest(input.request);
  if (holdsIndices(jobOf(step.config, input.job))) return planSearch(step, { ...input, request });
  refuseIndices(request);
  if (request.whole === true) return planWhole(step, { ...input, request });
  const wanted = {
    job: input.job,
    backup: request.backup ?? 'latest',
    target: (job: RestoreSources['job']) => targetOf(step.config, job, request),
  };
  return withSources(step, wanted, async (sources) => {
    const { job, target, storage, store, manifest } = sources;
    refuseOtherStore(manifest, target);
    const { from, to } = scopesOf(request, manifest, target);
    const mode = request.mode ?? 'missing-only';
    const { live, ...sides } = await readBothSides(step, sources, { from, to }, 'planning');
    const planning = planWrites({
      ...sides,
      live: live.records,
      mode,
      refusal: (record) => store.refusal(record),
    });

    const examples: PlanLine[] = [];
    const bindings = countBindings();
    const count = (item: PlanItem): void => {
      if (item.op === 'remove' || item.record === undefined) return;
      bindings[item.op === 'refuse' ? 'refused' : 'written'](store.binding(item.record));
    };
    const { recipients } = job.encryption;
    const writing = writeLines(linesOf(planning.items, examples, count), { recipients });
    const object = `restores/${input.restoreId}/plan.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await storage.put(objectName(job.name, object), writing.bytes, { signal: step.signal });
    const bound = bindings.bound();
    return {
      restoreId: input.restoreId,
      job: job.name,
      toJob: target.name,
      backup: manifest.id,
      mode,
      from,
      to,
      ...planning.counts(),
      examples,
      storeIndex: live.moment.index,
      digest: writing.sealed().plainSha256,
      object,
      ...(bound === undefined ? {} : { bound }),
    };
  });
}

/** A job may have backups of both kinds: what is restored is what the backup holds. */
async function planSearch(step: Step, input: PlanRestoreInput): Promise<Plan> {
  refuseWhole(input.request);
  const { backup = 'latest' } = input.request;
  const { manifest } = await withStorage(jobOf(step.config, input.job), (storage) =>
    findReliable(storage, input.job, backup, step.signal),
  );
  const plan = documentsOf(manifest) === undefined ? planIndices : planDocuments;
  return plan(step, { ...input, request: { ...input.request, backup: manifest.id } });
}

/** Of each kind, so that three removals are seen beside thousands of additions. */
const mostExamples = 10;
/** Examples travel in histories and are read by people; the stored plan has the whole keys. */
const longestKey = 256;

async function* linesOf(
  batches: AsyncIterable<readonly PlanItem[]>,
  examples: PlanLine[],
  count: (item: PlanItem) => void,
): AsyncGenerator<Buffer> {
  const taken = { add: 0, change: 0, remove: 0, refuse: 0 };
  for await (const items of batches) {
    let lines = '';
    for (const item of items) {
      count(item);
      const line = planLine(item);
      if (taken[line.op]++ < mostExamples) examples.push(shortened(line));
      lines += `${JSON.stringify(line)}\n`;
    }
    yield Buffer.from(lines);
  }
}

function shortened(line: PlanLine): PlanLine {
  const cut = (text: string): string => (text.length > longestKey ? `${text.slice(0, longestKey)}…` : text);
  if (line.key !== undefined) return { ...line, key: cut(line.key) };
  return line.keyBase64 === undefined ? line : { ...line, keyBase64: cut(line.keyBase64) };
}
