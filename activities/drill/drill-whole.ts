import type { Plan, RestoreRequest } from '../../workflows/contract/restore.ts';
import { planRestore } from '../plan-restore.ts';
import { applyWhole, proveWhole } from '../restore-whole.ts';
import type { Step } from '../step.ts';
import type { Drilled, Drilling } from './drilling.ts';
import { drillKeys } from './drill-keys.ts';
import { openKeyScratch } from './key-scratch.ts';
import { restoreIdOf } from './leftovers.ts';

/**
 * Replaces all of a throwaway Consul with a snapshot, by the steps of a real restore, and compares every key and thing.
 * Where a job names a prefix in a living store, its keys alone go there.
 */
export async function drillWhole(drilling: Drilling): Promise<Drilled> {
  const { step, job, id, manifest, notes } = drilling;
  if (job.drill.scratch !== undefined) return drillKeys(drilling);

  const scratch = await notes.measure('start', () => openKeyScratch(step.config, job, id, step.signal));
  try {
    const here: Step = { ...step, config: scratch.config };
    const request: RestoreRequest = {
      ...{ backup: manifest.id, toJob: scratch.toJob },
      ...{ whole: true, noSafetyBackup: true },
    };
    const input = { job: job.name, restoreId: restoreIdOf(id), request };
    const plan: Plan = await notes.measure('plan', () => planRestore(here, input));
    await notes.measure('restore', () => applyWhole(here, plan));
    const { differing, examples, whole = [] } = await notes.measure('prove', () => proveWhole(here, plan));
    notes.compare('keys and things that differ', '0', String(differing), examples.join(', ') || undefined);
    const keys = whole.find(({ kind }) => kind === 'keys')?.live ?? 0;
    notes.compare('keys', String(manifest.content.records), String(keys));
    return { scratch: scratch.shown, records: keys, bytes: manifest.content.bytes };
  } finally {
    await notes.measure('clean', () => scratch.close());
  }
}
