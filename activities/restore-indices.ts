import type { Applied, Plan, PlanRestoreInput, Proof } from '../workflows/contract/restore.ts';
import { inShards } from './capture-indices.ts';
import { readIndexPlan, refusedIn, storeIndexPlan } from './index-plan.ts';
import { withIndexSources } from './index-sources.ts';
import { snapshotWish, wishIn } from './index-wish.ts';
import type { Step } from './step.ts';

/** Says index by index what a restore of a snapshot would make and replace, and stores that. Changes nothing. */
export async function planIndices(
  step: Step,
  { job: name, restoreId, request }: PlanRestoreInput,
): Promise<Plan> {
  const wish = snapshotWish(request);
  const wanted = { job: name, toJob: request.toJob ?? name, backup: request.backup ?? 'latest' };
  step.onProgress({ phase: 'planning', records: 0, bytes: 0 });
  return withIndexSources(step, wanted, async (sources) => {
    const { job, target, store, manifest, facts } = sources;
    const lines = await store.planRestore(facts, wish, step.signal);
    const place = { restoreId, backup: manifest.id, wish };
    const stored = await storeIndexPlan(step, sources, place, { indices: lines });
    return {
      ...{ restoreId, job: job.name, toJob: target.name, backup: manifest.id },
      mode: wish.into.how === 'rename' ? 'missing-only' : 'overwrite',
      ...{ from: manifest.scope, to: manifest.scope, ...stored },
      indices: wish,
      ...(stored.change + stored.remove === 0 && { harmless: true }),
      storeIndex: String(Date.now()),
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
    const refused = refusedIn(lines);
    return {
      ...{ added: plan.add, changed: plan.change, removed: plan.remove, already: 0, conflicts: 0 },
      ...{ refused: refused.length, examples: refused.slice(0, 20) },
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
