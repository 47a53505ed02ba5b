import { type Client, type WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import type { Failure } from '../workflows/contract/backup.ts';
import { scheduleId, type ScheduledKind, type workflowTypes } from '../workflows/contract/names.ts';
import { failureDocument } from './run-failure.ts';
import { listRuns, readDue, type RecentRun } from './runs.ts';
import { type LiveSchedule, readSchedule } from './schedules/live.ts';

/** How the runs that prove stored backups of a job go, its drills or its verifications, as Temporal knows it. */
export interface ProofStatus<Good extends RecentRun = RecentRun> {
  /** Absent where the job has none in Temporal. */
  readonly schedule?: LiveSchedule;
  readonly running: readonly Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>[];
  readonly last?: EndedProof;
  readonly lastGood?: Good;
  /** Of `readDue`. */
  readonly due: readonly Date[];
}

export interface EndedProof {
  readonly workflowId: string;
  readonly runId: string;
  readonly endedAt: Date;
  /** Where it did not end well. */
  readonly failure?: Failure;
}

export type ProofKind = Extract<ScheduledKind, 'drill' | 'verify'> & keyof typeof workflowTypes;

/** Undefined where there is no schedule of such runs, and none was ever made. */
export async function readProofStatus(
  client: Client,
  kind: ProofKind,
  job: string,
): Promise<ProofStatus | undefined> {
  const [found, { running, last, lastGood }] = await Promise.all([
    readSchedule(client, scheduleId(kind, job)),
    listRuns(client, kind, job),
  ]);
  const schedule = found?.job === job ? found : undefined;
  if (schedule === undefined && last === undefined && running.length === 0) return undefined;
  const [ended, due] = await Promise.all([
    last && readEnded(client, last),
    schedule === undefined ? [] : readDue(client, schedule, lastGood),
  ]);
  return {
    ...(schedule && { schedule }),
    running: running.map(({ workflowId, runId }) => ({ workflowId, runId })),
    ...(ended && { last: ended }),
    ...(lastGood && { lastGood }),
    due,
  };
}

async function readEnded(
  client: Client,
  { workflowId, runId, startTime, closeTime }: WorkflowExecutionInfo,
): Promise<EndedProof> {
  const end = { workflowId, runId, endedAt: closeTime ?? startTime };
  try {
    await client.workflow.result(workflowId, runId);
    return end;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ...end, failure: failureDocument(error, workflowId) };
  }
}
