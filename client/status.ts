import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { BackupResult, Failure, Progress } from '../workflows/contract/backup.ts';
import { backupScheduleId, restoreWorkflowId, workflowTypes } from '../workflows/contract/names.ts';
import { attributeKeys } from '../workflows/contract/starting.ts';
import type { RestoreStatus } from '../workflows/contract/restore.ts';
import { type DrillStatus, readDrillStatus } from './drill-status.ts';
import { type ProofStatus, readProofStatus } from './proof-status.ts';
import { readRestoreStatus } from './restore-status.ts';
import { failureDocument } from './run-failure.ts';
import { viewOf } from './run-view.ts';
import { listRuns, readDropped, readDue, type RecentRun, type RunList, type RunRecord } from './runs.ts';
import { type LiveSchedule, readSchedule } from './schedules/live.ts';

/** All that Temporal knows of a job. */
export interface JobStatus extends RunRecord {
  readonly job: string;
  /** Absent where the job has none in Temporal. */
  readonly schedule?: LiveSchedule;
  readonly running: readonly RunningBackup[];
  /** The last run that has ended, but for the safety backups of restores. */
  readonly last?: EndedBackup;
  /** Of `readDue`. */
  readonly due: readonly Date[];
  /** Of `readDropped`. */
  readonly dropped: readonly Date[];
  /** The newest backup, where it may not be what it should be. */
  readonly suspicious?: SuspiciousBackup;
  /** Absent where the job has no drills. */
  readonly drill?: DrillStatus;
  /** Absent where its stored backups are not verified by runs of their own. */
  readonly verify?: ProofStatus;
  readonly restore: RestoreDesk;
}

export interface SuspiciousBackup {
  readonly id: string;
  /** As in its manifest. */
  readonly reasons: readonly string[];
}

export interface RunningBackup {
  readonly workflowId: string;
  readonly runId: string;
  readonly id?: string;
  readonly startedAt: Date;
  readonly progress?: Progress;
  /** The restore that it waits for before it begins: its workflow's id. */
  readonly waitsFor?: string;
  /** Failed attempts and missing workers, in words. */
  readonly troubles: readonly string[];
}

export interface EndedBackup {
  readonly workflowId: string;
  readonly runId: string;
  readonly id?: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly result?: BackupResult;
  /** Where it did not end well. */
  readonly failure?: Failure;
}

/** `absent`: no restore workflow stands by. `silent`: it is there, and no worker answers for it. */
export type RestoreDesk = 'absent' | 'silent' | RestoreStatus;

export async function readJobStatus(client: Client, job: string): Promise<JobStatus> {
  const [found, list, restore, drill, verify] = await Promise.all([
    readSchedule(client, backupScheduleId(job)),
    listRuns(client, workflowTypes.backup, job),
    readDesk(client, job),
    readDrillStatus(client, job),
    readProofStatus(client, 'verify', job),
  ]);
  const schedule = found?.job === job ? found : undefined;
  const [backups, due, dropped] = await Promise.all([
    readBackups(client, list),
    schedule === undefined ? [] : readDue(client, schedule, list.lastGood),
    schedule === undefined ? [] : readDropped(client, schedule, list),
  ]);
  return {
    ...{ job, ...backups, due, dropped, restore },
    ...(schedule && { schedule }),
    ...(drill && { drill }),
    ...(verify && { verify }),
  };
}

async function readBackups(
  client: Client,
  { running, last, ...record }: RunList,
): Promise<Pick<JobStatus, 'running' | 'last' | 'recent' | 'lastGood' | 'suspicious'>> {
  const [ended, suspicious] = await Promise.all([
    last && readEnded(client, last),
    record.lastGood && readSuspicious(client, record.lastGood),
  ]);
  return {
    running: await Promise.all(running.map((run) => readRunning(client, run))),
    ...(ended && { last: ended }),
    ...record,
    ...(suspicious && { suspicious }),
  };
}

async function readSuspicious(
  client: Client,
  { workflowId, runId }: RecentRun,
): Promise<SuspiciousBackup | undefined> {
  const { id, suspicions } = await client.workflow.result<() => Promise<BackupResult>>(workflowId, runId);
  return suspicions && { id, reasons: suspicions };
}

async function readRunning(client: Client, run: WorkflowExecutionInfo): Promise<RunningBackup> {
  const { raw } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
  const { progress, troubles, untaken, waitsFor } = viewOf(raw, Date.now());
  return {
    ...identityOf(run),
    ...(progress && { progress }),
    ...(waitsFor !== undefined && { waitsFor }),
    troubles: [...troubles, ...untaken.map(({ name }) => `no worker has taken its work from "${name}" yet`)],
  };
}

async function readEnded(client: Client, run: WorkflowExecutionInfo): Promise<EndedBackup> {
  const end = { ...identityOf(run), endedAt: run.closeTime ?? run.startTime };
  try {
    const result = (await client.workflow.getHandle(run.workflowId, run.runId).result()) as BackupResult;
    return { ...end, result };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ...end, failure: failureDocument(error, run.workflowId) };
  }
}

function identityOf({ workflowId, runId, startTime, typedSearchAttributes }: WorkflowExecutionInfo) {
  const id = typedSearchAttributes.get(attributeKeys.backupId);
  return { workflowId, runId, startedAt: startTime, ...(id !== undefined && { id }) };
}

async function readDesk(client: Client, job: string): Promise<RestoreDesk> {
  const id = restoreWorkflowId(job);
  try {
    const { status } = await client.workflow.getHandle(id).describe();
    if (status.name !== 'RUNNING') return 'absent';
    return (await readRestoreStatus(client, id)) ?? 'silent';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'absent';
    throw error;
  }
}
