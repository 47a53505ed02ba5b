import {
  type Client,
  defaultPayloadConverter,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
} from '@temporalio/client';
import type { TaskConfig } from '../config/config.ts';
import type { Failure } from '../workflows/contract/backup.ts';
import { taskScheduleId, workflowTypes } from '../workflows/contract/names.ts';
import {
  isTaskProgress,
  type TaskKind,
  type TaskProgress,
  type TaskResult,
  taskResultIn,
} from '../workflows/contract/task.ts';
import { failureDetails, failureDocument } from './run-failure.ts';
import { viewOf } from './run-view.ts';
import { listRuns, readDropped, readDue, type RunList, type RunRecord } from './runs.ts';
import { type LiveSchedule, readSchedule } from './schedules/live.ts';

/** All that Temporal knows of a task. */
export interface TaskStatus extends RunRecord {
  readonly job: string;
  readonly kind: TaskKind;
  /** Absent where the task has none in Temporal. */
  readonly schedule?: LiveSchedule;
  readonly running: readonly RunningTask[];
  /** The last run that has ended. */
  readonly last?: EndedTask;
  /** Of `readDue`. */
  readonly due: readonly Date[];
  /** Of `readDropped`. */
  readonly dropped: readonly Date[];
}

export interface RunningTask {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: Date;
  /** From the heartbeats: what it has written so far. */
  readonly progress?: TaskProgress;
  /** Failed attempts and missing workers, in words. */
  readonly troubles: readonly string[];
}

export interface EndedTask {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** Absent where it never began, was cancelled, or nothing is known. */
  readonly result?: TaskResult;
  /** Where it did not end well. */
  readonly failure?: Failure;
}

export async function readTaskStatus(client: Client, { name: job, work }: TaskConfig): Promise<TaskStatus> {
  const [found, list] = await Promise.all([
    readSchedule(client, taskScheduleId(job)),
    listRuns(client, workflowTypes.task, job),
  ]);
  const schedule = found?.job === job ? found : undefined;
  const [runs, due, dropped] = await Promise.all([
    readRuns(client, list),
    schedule === undefined ? [] : readDue(client, schedule, list.lastGood),
    schedule === undefined ? [] : readDropped(client, schedule, list),
  ]);
  return { job, kind: work.kind, ...(schedule && { schedule }), ...runs, due, dropped };
}

async function readRuns(
  client: Client,
  { running, last, ...record }: RunList,
): Promise<Pick<TaskStatus, 'running' | 'last' | 'recent' | 'lastGood'>> {
  return {
    running: await Promise.all(running.map((run) => readRunning(client, run))),
    ...(last && { last: await readEnded(client, last) }),
    ...record,
  };
}

async function readRunning(client: Client, run: WorkflowExecutionInfo): Promise<RunningTask> {
  const { raw } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
  const { troubles, untaken } = viewOf(raw, Date.now());
  const progress = (raw.pendingActivities ?? []).map(progressOf).find((found) => found !== undefined);
  return {
    workflowId: run.workflowId,
    runId: run.runId,
    startedAt: run.startTime,
    ...(progress && { progress }),
    troubles: [...troubles, ...untaken.map(({ name }) => `no worker has taken its work from "${name}" yet`)],
  };
}

type PendingActivity = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw']['pendingActivities']
>[number];

function progressOf({ heartbeatDetails }: PendingActivity): TaskProgress | undefined {
  const payload = heartbeatDetails?.payloads?.[0];
  const details: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return isTaskProgress(details) ? details : undefined;
}

async function readEnded(
  client: Client,
  { workflowId, runId, closeTime, startTime }: WorkflowExecutionInfo,
): Promise<EndedTask> {
  const end = { workflowId, runId, startedAt: startTime, endedAt: closeTime ?? startTime };
  try {
    const result = (await client.workflow.getHandle(workflowId, runId).result()) as TaskResult;
    return { ...end, result };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const result = taskResultIn(failureDetails(error));
    return { ...end, ...(result && { result }), failure: failureDocument(error, workflowId) };
  }
}
