import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { BackupInput, BackupResult } from '../../workflows/contract/backup.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreReport, RestoreRequest, RestoreStatus } from '../../workflows/contract/restore.ts';
import { type JobName, startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { until } from './hold.ts';
import type { World } from './world.ts';

export type BackupRun = WorkflowHandle<(input: BackupInput) => Promise<BackupResult>>;

export async function startBackup(world: World, job: string, time = new Date()): Promise<BackupRun> {
  const { client } = world;
  const id = backupId(time);
  const { type, ...options } = startingBackup(nameOf(world, job), id);
  const args: [BackupInput] = [{ job, id }];
  return client.workflow.start<(input: BackupInput) => Promise<BackupResult>>(type, { ...options, args });
}

export async function backUp(world: World, job: string, time?: Date): Promise<BackupResult> {
  return (await startBackup(world, job, time)).result();
}

function nameOf({ config }: World, job: string): JobName {
  const { kind: store } = config.jobs.get(job)?.store ?? {};
  if (store === undefined) throw new Error(`no job ${job}`);
  return { job, store };
}

/** How the run failed. Throws where it did not. */
export async function failureOf(run: BackupRun): Promise<ApplicationFailure> {
  const error: unknown = await run.result().then(
    (result) => new Error(`it succeeded: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause;
  throw error;
}

/** Sends a request for a restore; `requestId` finds its report. */
export async function requestRestore(
  world: World,
  job: string,
  request: RestoreRequest & { readonly requestId: string },
): Promise<void> {
  const { type, ...options } = startingRestore(nameOf(world, job));
  await world.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [request],
  });
}

export async function reportOf({ client }: World, job: string, requestId: string): Promise<RestoreReport> {
  return until(async () => {
    const { last } = await client.workflow
      .getHandle(restoreWorkflowId(job))
      .query<RestoreStatus>('status')
      // While no worker is there nobody answers.
      .catch(() => ({ last: undefined }));
    return last?.requestId === requestId ? last : undefined;
  });
}

/** How often each activity of a run was begun, by name. Sees the last attempt only when the activity has closed. */
export async function attemptsOf(run: WorkflowHandle): Promise<Readonly<Record<string, number>>> {
  const { events } = await run.fetchHistory();
  const names = new Map<string, string>();
  const attempts: Record<string, number> = {};
  for (const { eventId, activityTaskScheduledEventAttributes: scheduled, ...event } of events ?? []) {
    if (scheduled) names.set(String(eventId), scheduled.activityType?.name ?? '');
    const started = event.activityTaskStartedEventAttributes;
    if (started) attempts[names.get(String(started.scheduledEventId)) ?? ''] = started.attempt ?? 0;
  }
  return attempts;
}
