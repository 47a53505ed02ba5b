import { staleBefore } from '../storage/prune.ts';
import { recordSlice } from '../storage/slices.ts';
import type { Scrubbed, ScrubProgress, Slice } from '../workflows/contract/scrub.ts';
import { keepsOwnBackups, readIdentities, withStorage } from './open.ts';
import { scrubStored } from './scrub/scrub-stored.ts';
import { jobOf, type Step } from './step.ts';

/** Reads a slice of all stored backups of a job back, and notes down that it has. */
export async function scrub(
  step: Step<ScrubProgress>,
  { job: name, slice }: { readonly job: string; readonly slice: Slice },
): Promise<Scrubbed> {
  const job = jobOf(step.config, name);
  const { signal, onProgress, log, run, before } = step;
  const by = run?.workflowId ?? 'holdfast';
  return withStorage(job, async (storage) => {
    const scrubbed = await scrubStored({
      ...{ storage, job: name, slice, by, signal, onProgress, log },
      repository: keepsOwnBackups(job) ? job : undefined,
      identities: await readIdentities(job),
      staleBefore: staleBefore(new Date(), job.keep),
      reached: before?.reached,
    });
    await recordSlice(storage, name, { ...scrubbed, by }, signal);
    return scrubbed;
  });
}
