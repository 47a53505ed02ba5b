import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { controlQueue } from '../workflows/contract/names.ts';
import { attributeKeys } from '../workflows/contract/starting.ts';
import { dueTimes, type LiveSchedule } from './schedules/live.ts';

/** What the list of runs shows of one that has ended. */
export interface RecentRun {
  readonly workflowId: string;
  readonly runId: string;
  /** When it was to start: its scheduled time, or when somebody started it. */
  readonly dueAt: Date;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly good: boolean;
  /** Started by a schedule. */
  readonly scheduled: boolean;
  /** Of what was backed up. */
  readonly bytes?: number;
}

/** How the runs of a job have gone. */
export interface RunRecord {
  /** The runs that have ended, the latest first: some dozens. */
  readonly recent: readonly RecentRun[];
  /** The last one that ended well, however long ago. */
  readonly lastGood?: RecentRun;
}

export interface RunList extends RunRecord {
  readonly running: readonly WorkflowExecutionInfo[];
  /** The last one that has ended. */
  readonly last?: WorkflowExecutionInfo;
}

/** So many ended runs are worth a look: two days of an hourly schedule. */
const recentRuns = 48;

/**
 * The runs of a job. Ended ones that another run has started are left out: the safety backup of a restore says nothing
 * of whether backups are made as they should be.
 */
export async function listRuns(client: Client, type: string, job: string): Promise<RunList> {
  const query =
    `WorkflowType = '${type}' AND TaskQueue = '${controlQueue}' ` +
    `AND ${attributeKeys.job.name} = '${job}'`;
  const running: WorkflowExecutionInfo[] = [];
  const ended: WorkflowExecutionInfo[] = [];
  // Temporal lists the running ones first, then the ended ones, the latest first.
  for await (const run of client.workflow.list({ query, pageSize: recentRuns })) {
    if (run.status.name === 'RUNNING') running.push(run);
    else if (isOwn(run)) ended.push(run);
    if (ended.length === recentRuns) break;
  }
  const [last] = ended;
  const recent = ended.map(toRecent);
  const seen = recent.find(({ good }) => good);
  const lastGood = seen ?? (ended.length < recentRuns ? undefined : await findGood(client, query));
  return { running, ...(last && { last }), recent, ...(lastGood && { lastGood }) };
}

/** When the schedule wanted a run after the last good one (or ever, or since it was changed): the first two times. */
export async function readDue(
  client: Client,
  { id, changedAt }: LiveSchedule,
  good: RecentRun | undefined,
): Promise<readonly Date[]> {
  // The times of a new schedule say nothing of the runs of the old one.
  const from = Math.max(changedAt.getTime(), good?.dueAt.getTime() ?? 0);
  return (await dueTimes(client, id, new Date(from), new Date())).slice(0, 2);
}

/**
 * Times between the latest two runs of the schedule at which it wanted another one, and none came: it dropped out while
 * one was at work, or while Temporal was away. Gone again as soon as two runs follow each other.
 */
export async function readDropped(
  client: Client,
  { id, changedAt }: LiveSchedule,
  { running, recent }: Pick<RunList, 'running' | 'recent'>,
): Promise<readonly Date[]> {
  const [latest, before] = [...running.map(toRecent), ...recent].filter(({ scheduled }) => scheduled);
  if (latest === undefined || before === undefined) return [];
  const from = Math.max(changedAt.getTime(), before.dueAt.getTime());
  if (from >= latest.dueAt.getTime()) return [];
  return (await dueTimes(client, id, new Date(from), latest.dueAt)).filter((time) => time < latest.dueAt);
}

async function findGood(client: Client, query: string): Promise<RecentRun | undefined> {
  for await (const run of client.workflow.list({ query: `${query} AND ExecutionStatus = 'Completed'` })) {
    if (isOwn(run)) return toRecent(run);
  }
  return undefined;
}

function isOwn({ parentExecution }: WorkflowExecutionInfo): boolean {
  return parentExecution === undefined;
}

const scheduledTime = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

function toRecent(run: WorkflowExecutionInfo): RecentRun {
  const { workflowId, runId, startTime, closeTime, typedSearchAttributes: attributes } = run;
  const bytes = attributes.get(attributeKeys.bytes);
  const scheduledAt = attributes.get(scheduledTime);
  return {
    workflowId,
    runId,
    dueAt: scheduledAt ?? startTime,
    scheduled: scheduledAt !== undefined,
    startedAt: startTime,
    endedAt: closeTime ?? startTime,
    good: run.status.name === 'COMPLETED',
    ...(bytes !== undefined && { bytes }),
  };
}
