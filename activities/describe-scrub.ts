import { nextSlice } from '../storage/slices.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { ScrubDescription, ScrubInput } from '../workflows/contract/scrub.ts';
import { withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** What the workflow needs to know of a verification: which slice is due, and how long it may take. */
export async function describeScrub(
  step: Step,
  { job: name, slice }: Pick<ScrubInput, 'job' | 'slice'>,
): Promise<ScrubDescription> {
  const job = jobOf(step.config, name);
  const { verify } = job;
  if (verify === undefined) {
    throw new HoldfastError(
      'BadRequest',
      `Job ${name} has no \`verify\` in ${step.config.file}, so no worker is there for it. Set it, or run ` +
        `\`holdfast verify ${name} --slice 1/1\`, which needs no worker.`,
    );
  }
  return withStorage(job, async (storage) => ({
    store: job.store.kind,
    summary: storage.address,
    slice: slice ?? (await nextSlice(storage, name, verify.slices, step.signal)),
    deadline: verify.deadline,
  }));
}
