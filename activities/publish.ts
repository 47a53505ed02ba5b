import project from '../package.json' with { type: 'json' };
import { publish as publishManifest } from '../storage/publish.ts';
import type { Published, PublishInput } from '../workflows/contract/backup.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { suspicionsOf } from './suspicion.ts';
import { withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** Writes the manifest, last and once: from then on the backup exists. */
export async function publish(step: Step, { captured, verified }: PublishInput): Promise<Published> {
  const job = jobOf(step.config, captured.job);
  return withStorage(job, async (storage) => {
    const suspicions = await suspicionsOf(storage, job, captured, step.signal);
    const suspicious = suspicions.length > 0 ? { suspicions } : {};
    if (suspicions.length > 0)
      step.log.warn('The backup is suspicious', { job: job.name, id: captured.id, suspicions });
    const manifest: Manifest = {
      format: 'holdfast-backup',
      formatVersion: 1,
      ...captured,
      ...suspicious,
      ...(verified.checks !== undefined && { checks: verified.checks }),
      verifiedAt: verified.verifiedAt,
      publishedAt: new Date().toISOString(),
      madeBy: {
        version: project.version,
        ...(step.run && { workflowId: step.run.workflowId, runId: step.run.runId }),
      },
    };
    return { manifest: await publishManifest(storage, manifest, step.signal), ...suspicious };
  });
}
