import { planPrune, prune as carryOut } from '../storage/prune.ts';
import { keepsOwnBackups, withStorage } from './open.ts';
import { removeSnapshots } from './remove-snapshots.ts';
import { jobOf, type Step } from './step.ts';

/** Deletes what retention no longer keeps, and what ended runs left a day ago or more. Gives the ids of the backups. */
export async function prune(step: Step, { job: name }: { readonly job: string }): Promise<readonly string[]> {
  const job = jobOf(step.config, name);
  return withStorage(job, async (storage) => {
    const plan = await planPrune(storage, job.name, job.keep, new Date(), step.signal);
    if (keepsOwnBackups(job)) await removeSnapshots(job, storage, plan, step.signal);
    const { removed, leftovers, bytes, uploads } = await carryOut(storage, plan, step.signal);
    if (removed.length + leftovers.length + uploads > 0) {
      step.log.info('Pruned', { job: name, removed, leftovers, bytes, uploads });
    }
    return removed;
  });
}
