import project from '../../package.json' with { type: 'json' };
import { encodeDrill } from '../../storage/drills.ts';
import { drillName } from '../../storage/layout.ts';
import type { DrillResult } from '../../workflows/contract/drill.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { withStorage } from '../open.ts';
import { jobOf, type Step } from '../step.ts';

/** Keeps the evidence beside the manifest, once; gives its address. */
export async function recordDrill(step: Step, { result }: { readonly result: DrillResult }): Promise<string> {
  const { job, id, backup } = result;
  if (backup === undefined) throw new HoldfastError('Defect', `Drill ${id} of ${job} came to no backup.`);
  const name = drillName(job, backup, id);
  const madeBy = {
    version: project.version,
    ...(step.run && { workflowId: step.run.workflowId, runId: step.run.runId }),
  };
  return withStorage(jobOf(step.config, job), async (storage) => {
    await storage.putOnce(name, encodeDrill({ ...result, madeBy }), step.signal);
    return `${storage.address}/${name}`;
  });
}
