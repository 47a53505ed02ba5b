import { storeAddresses, type JobConfig, type RunIn } from '../config/config.ts';
import type { CapturePlace, JobDescription } from '../workflows/contract/backup.ts';
import { openStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** What the workflows need to know of a job. Asks nobody: it comes from the worker's configuration. */
export async function describeJob(
  { config }: Pick<Step, 'config'>,
  { job: name }: { readonly job: string },
): Promise<JobDescription> {
  const job = jobOf(config, name);
  const { scope, deadline, approvalTimeout } = job;
  return {
    job: name,
    store: job.store.kind,
    summary: await summaryOf(job),
    scope,
    deadline,
    approvalTimeout,
    ...(job.runIn && { runIn: placeOf(job.runIn) }),
  };
}

function placeOf({ kind, ecs: { taskDefinition, cluster, retries } }: RunIn): CapturePlace {
  return { kind, summary: `${taskDefinition} in the cluster ${cluster}`, retries };
}

async function summaryOf(job: JobConfig): Promise<string> {
  const storage = openStorage(job);
  const { address } = storage;
  await storage.close();
  return `${job.store.kind} ${storeAddresses(job.store).join(', ')} (${whatOf(job)}) → ${address}`;
}

function whatOf({ store, scope }: JobConfig): string {
  if (store.kind === 'elasticsearch') return `${store.mode} of ${store.elasticsearch.indices.join(', ')}`;
  if (store.mode === 'snapshot') return 'snapshot';
  return scope.prefix === '' ? 'all keys' : `keys under ${scope.prefix}`;
}
