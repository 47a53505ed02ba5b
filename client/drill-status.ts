import { type Client, type WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import type { Failure } from '../workflows/contract/backup.ts';
import type { DrillResult } from '../workflows/contract/drill.ts';
import { drillScheduleId, workflowTypes } from '../workflows/contract/names.ts';
import { failureDocument } from './run-failure.ts';
import { listRuns, readDue, type RecentRun } from './runs.ts';
import { type LiveSchedule, readSchedule } from './schedules/live.ts';

/** How the drills of a job go, as Temporal knows it. */
export interface DrillStatus {
  /** Absent where the job has none in Temporal. */
  readonly schedule?: LiveSchedule;
  readonly running: readonly Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>[];
  readonly last?: EndedDrill;
  readonly lastGood?: ProvenDrill;
  /** Of `readDue`. */
  readonly due: readonly Date[];
}

export interface EndedDrill {
  readonly workflowId: string;
  readonly runId: string;
  readonly endedAt: Date;
  /** Where it did not end well. */
  readonly failure?: Failure;
}

export interface ProvenDrill extends RecentRun {
  /** The backup that was restored. */
  readonly backup?: string;
  /** How long a restore took. */
  readonly rtoMilliseconds?: number;
}

/** Undefined where there is no schedule of drills, and none was ever done. */
export async function readDrillStatus(client: Client, job: string): Promise<DrillStatus | undefined> {
  const [found, { running, last, lastGood }] = await Promise.all([
    readSchedule(client, drillScheduleId(job)),
    listRuns(client, workflowTypes.drill, job),
  ]);
  const schedule = found?.job === job ? found : undefined;
  if (schedule === undefined && last === undefined && running.length === 0) return undefined;
  const [ended, proven, due] = await Promise.all([
    last && readEnded(client, last),
    lastGood && readProven(client, lastGood),
    schedule === undefined ? [] : readDue(client, schedule, lastGood),
  ]);
  return {
    ...(schedule && { schedule }),
    running: running.map(({ workflowId, runId }) => ({ workflowId, runId })),
    ...(ended && { last: ended }),
    ...(proven && { lastGood: proven }),
    due,
  };
}

async function readEnded(
  client: Client,
  { workflowId, runId, startTime, closeTime }: WorkflowExecutionInfo,
): Promise<EndedDrill> {
  const end = { workflowId, runId, endedAt: closeTime ?? startTime };
  try {
    await client.workflow.result(workflowId, runId);
    return end;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ...end, failure: failureDocument(error, workflowId) };
  }
}

async function readProven(client: Client, run: RecentRun): Promise<ProvenDrill> {
  const { backup, rtoMilliseconds } = await client.workflow.result<() => Promise<DrillResult>>(
    run.workflowId,
    run.runId,
  );
  return {
    ...run,
    ...(backup !== undefined && { backup }),
    ...(rtoMilliseconds !== undefined && { rtoMilliseconds }),
  };
}
