import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import type { RestoreInput } from '../workflows/contract/restore.ts';
import { controlQueue, restoreWorkflowId, workflowTypes } from '../workflows/contract/names.ts';
import { type JobName, startingRestore } from '../workflows/contract/starting.ts';
import { readRestoreStatus } from './restore-status.ts';

/** What is to be done about the restore workflow of a job, which stands by so that a signal can reach it. */
export interface StandbyStep {
  /** `stop`: its job is gone; it is stopped only if it is idle. */
  readonly kind: 'start' | 'keep' | 'stop';
  readonly id: string;
  readonly job: string;
}

export async function planStandbys(client: Client, config: Config): Promise<readonly StandbyStep[]> {
  const wanted = [...config.jobs.keys()].map(async (job): Promise<StandbyStep> => {
    const id = restoreWorkflowId(job);
    return { kind: (await isRunning(client, id)) ? 'keep' : 'start', id, job };
  });
  return [...(await Promise.all(wanted)), ...(await orphans(client, config))];
}

/** The options that start the restore workflow of a job, also together with a signal. */
export function standbyOptions(job: JobName) {
  const { type, ...options } = startingRestore(job);
  const input: RestoreInput = { job: job.job };
  return {
    type,
    options: { ...options, args: [input] as const, workflowIdConflictPolicy: 'USE_EXISTING' as const },
  };
}

export async function startStandby(client: Client, job: JobName): Promise<void> {
  const { type, options } = standbyOptions(job);
  await client.workflow.start(type, { ...options, args: [...options.args] });
}

/** Stops it if it is idle; false where it is at work, or where no worker tells. */
export async function stopStandby(client: Client, id: string): Promise<boolean> {
  const status = await readRestoreStatus(client, id);
  if (status?.phase !== 'standing by' || status.pending > 0) return false;
  await client.workflow.getHandle(id).cancel();
  return true;
}

async function isRunning(client: Client, id: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(id).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Restore workflows of jobs that are gone from the configuration. */
async function orphans(client: Client, config: Config): Promise<readonly StandbyStep[]> {
  const query = `WorkflowType = '${workflowTypes.restore}' AND TaskQueue = '${controlQueue}' AND ExecutionStatus = 'Running'`;
  const steps: StandbyStep[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) {
    const job = workflowId.replace(/^restore-/, '');
    if (workflowId !== restoreWorkflowId(job) || config.jobs.has(job)) continue;
    steps.push({ kind: 'stop', id: workflowId, job });
  }
  return steps;
}
