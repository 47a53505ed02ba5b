import { withStorage } from '../open.ts';
import { jobOf, type Step } from '../step.ts';
import { removeLeftovers } from './leftovers.ts';

/** Removes what a drill that ended early left. */
export async function cleanDrill(
  step: Step,
  { job: name, id }: { readonly job: string; readonly id: string },
): Promise<void> {
  const job = jobOf(step.config, name);
  await withStorage(job, (storage) => removeLeftovers(step, job, storage, id));
}
