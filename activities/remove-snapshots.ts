import { readEntry } from '../storage/catalog.ts';
import type { PrunePlan } from '../storage/prune.ts';
import type { Storage } from '../storage/storage.ts';
import { type RepositoryJob, withRepository } from './open.ts';

/**
 * Deletes the snapshots of what a prune removes, before it removes the manifests: what breaks off in between shows as
 * a backup whose snapshot is gone, and is pruned again; never as a snapshot that nobody knows of.
 */
export async function removeSnapshots(
  job: RepositoryJob,
  storage: Storage,
  { remove, leftovers }: Pick<PrunePlan, 'remove' | 'leftovers'>,
  signal: AbortSignal,
): Promise<void> {
  if (remove.length + leftovers.length === 0) return;
  await withRepository(job, async (store) => {
    for (const { id } of [...remove, ...leftovers]) {
      const entry = await readEntry(storage, job.name, id, signal);
      const name = entry.state === 'published' ? entry.manifest.snapshot?.name : store.nameOf(id);
      if (name !== undefined) await store.remove(name, signal);
    }
    await store.cleanUp(signal);
  });
}
