import { readEntry } from '../storage/catalog.ts';
import { backupFolder } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { keepsOwnBackups, withRepository, withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** Removes what an unfinished run left, its data objects and its uploads. A published backup is not touched. */
export async function discard(
  step: Step,
  { job, id }: { readonly job: string; readonly id: string },
): Promise<void> {
  const config = jobOf(step.config, job);
  await withStorage(config, async (storage) => {
    const entry = await readEntry(storage, job, id, step.signal);
    if (entry.state !== 'unfinished') return;
    await removeUnpublished(storage, job, id, step.signal);
    // One that is being taken is ended by that.
    if (keepsOwnBackups(config))
      await withRepository(config, (store) => store.remove(store.nameOf(id), step.signal));
  });
}

/** The caller has made sure that there is no manifest. */
export async function removeUnpublished(
  storage: Storage,
  job: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = backupFolder(job, id);
  await storage.abortUploads(folder, signal);
  const left = await Array.fromAsync(storage.list(folder, signal), ({ name }) => name);
  if (left.length > 0) await storage.remove(left, signal);
}
