import { defaultPayloadConverter, type WorkflowExecutionDescription } from '@temporalio/client';
import type { CommandActivities, DataActivities, EcsActivities } from '../workflows/contract/activities.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import {
  captureQueue,
  commandQueue,
  controlQueue,
  dataQueue,
  ecsQueue,
  memoFields,
} from '../workflows/contract/names.ts';

/** What a run is at this moment, as far as its description tells. */
export interface RunView {
  /** From the heartbeats of the activity at work. */
  readonly progress: Progress | undefined;
  /** Attempts of activities that failed and are tried again, in words. */
  readonly troubles: readonly string[];
  /** Task queues that hold work which nobody has taken for some seconds. */
  readonly untaken: readonly WaitingQueue[];
  /** The restore that a backup waits for: its workflow's id. */
  readonly waitsFor: string | undefined;
  /** Runs that this one has started and waits for. */
  readonly children: readonly { readonly workflowId: string; readonly runId: string }[];
}

export interface WaitingQueue {
  readonly name: string;
  readonly kind: 'workflow' | 'activity';
}

type Raw = WorkflowExecutionDescription['raw'];
type RawActivity = NonNullable<Raw['pendingActivities']>[number];
type RawTime = RawActivity['scheduledTime'];

/** temporal.api.enums.v1.PendingActivityState and PendingWorkflowTaskState agree on this one. */
const scheduled = 1;
/** Milliseconds after which work that nobody took is worth a word. */
const takenWithin = 5000;

/** Of the activities that are not on the control queue. */
const queues: Readonly<Record<keyof (DataActivities & CommandActivities & EcsActivities), string>> = {
  capture: dataQueue,
  verify: dataQueue,
  planRestore: dataQueue,
  applyRestore: dataQueue,
  proveRestore: dataQueue,
  drillBackup: dataQueue,
  runCommand: commandQueue,
  notifyByCommand: commandQueue,
  startEcs: ecsQueue,
  watchEcs: ecsQueue,
  stopEcs: ecsQueue,
};

export function viewOf(raw: Raw, now: number): RunView {
  const activities = raw.pendingActivities ?? [];
  return {
    progress: activities.map(progressOf).find((progress) => progress !== undefined),
    troubles: activities.flatMap((activity) => troubleOf(activity, now)),
    untaken: [
      ...untakenTask(raw, now),
      ...activities
        .filter((activity) => !isForContainer(activity))
        .flatMap((activity) => untakenActivity(activity, now)),
    ],
    waitsFor: waitsFor(raw),
    children: (raw.pendingChildren ?? []).map(({ workflowId, runId }) => ({
      workflowId: workflowId ?? '',
      runId: runId ?? '',
    })),
  };
}

function waitsFor({ workflowExecutionInfo }: Raw): string | undefined {
  const payload = workflowExecutionInfo?.memo?.fields?.[memoFields.waitsFor];
  const restore: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return typeof restore === 'string' ? restore : undefined;
}

/** Details of another shape (an older worker's) are as good as none. */
function progressOf({ heartbeatDetails }: RawActivity): Progress | undefined {
  const payload = heartbeatDetails?.payloads?.[0];
  if (payload === undefined) return undefined;
  const details: unknown = defaultPayloadConverter.fromPayload(payload);
  return isProgress(details) ? details : undefined;
}

function isProgress(details: unknown): details is Progress {
  return (
    typeof details === 'object' &&
    details !== null &&
    'phase' in details &&
    'records' in details &&
    typeof details.records === 'number' &&
    'bytes' in details &&
    typeof details.bytes === 'number'
  );
}

function troubleOf(activity: RawActivity, now: number): readonly string[] {
  const { attempt, lastFailure } = activity;
  if (!lastFailure || attempt === undefined || attempt === null || attempt < 2) return [];
  const code = lastFailure.applicationFailureInfo?.type;
  const silent = lastFailure.timeoutFailureInfo ? ' (its worker fell silent or was stopped)' : '';
  const why = `${code ? `${code}: ` : ''}${lastFailure.message ?? ''}${silent}`;
  const next = timeOf(activity.nextAttemptScheduleTime);
  const seconds = next === undefined ? 0 : Math.ceil((next - now) / 1000);
  const again = seconds > 0 ? `tried again in ${seconds}s` : 'tried again';
  return [`${activity.activityType?.name ?? 'activity'}, attempt ${attempt - 1}: ${why}; ${again}`];
}

function untakenTask({ pendingWorkflowTask }: Raw, now: number): readonly WaitingQueue[] {
  const since = timeOf(pendingWorkflowTask?.originalScheduledTime ?? pendingWorkflowTask?.scheduledTime);
  const waits = isScheduled(pendingWorkflowTask) && since !== undefined && now - since > takenWithin;
  return waits ? [{ name: controlQueue, kind: 'workflow' }] : [];
}

function untakenActivity(activity: RawActivity, now: number): readonly WaitingQueue[] {
  const due = timeOf(activity.nextAttemptScheduleTime) ?? timeOf(activity.scheduledTime);
  if (!isScheduled(activity) || due === undefined || now - due <= takenWithin) return [];
  const name = new Map(Object.entries(queues)).get(activity.activityType?.name ?? '') ?? controlQueue;
  return [{ name, kind: 'activity' }];
}

/** Work that waits for a container which is started for it (docs/ecs.md) needs no other worker. */
function isForContainer({ activityType, activityOptions }: RawActivity): boolean {
  const queue = activityOptions?.taskQueue?.name ?? '';
  return activityType?.name === 'capture' && queue.startsWith(captureQueue(''));
}

function isScheduled(pending: { readonly state?: number | null } | null | undefined): boolean {
  return pending?.state === scheduled;
}

/** Milliseconds since 1970. */
function timeOf(time: RawTime): number | undefined {
  if (time?.seconds === undefined || time.seconds === null) return undefined;
  return Number(time.seconds.toString()) * 1000 + (time.nanos ?? 0) / 1_000_000;
}
