import type { Client } from '@temporalio/client';
import type { JobConfig, TaskConfig } from '../config/config.ts';
import { duration } from './format.ts';
import { type JobStatus, readJobStatus } from './status.ts';
import { readTaskStatus, type TaskStatus } from './task-status.ts';
import { localTime } from './time.ts';

/** What is wrong with a job, from the worst to the least. */
export const problemKinds = ['failed', 'stale', 'missing schedule', 'paused'] as const;

export interface Problem {
  readonly kind: (typeof problemKinds)[number];
  /** One sentence or two: what is wrong, and what to do where that is not plain. */
  readonly text: string;
}

/** A job with what is wrong with it: the worst first; empty where all is well. */
export interface Judged<Job, Status> {
  readonly job: Job;
  readonly status: Status;
  readonly problems: readonly Problem[];
}

export type JudgedBackup = Judged<JobConfig, JobStatus>;
export type JudgedTask = Judged<TaskConfig, TaskStatus>;

export async function readJudgedBackup(client: Client, job: JobConfig): Promise<JudgedBackup> {
  const status = await readJobStatus(client, job.name);
  return { job, status, problems: problemsOf(job, status, Date.now()) };
}

export async function readJudgedTask(client: Client, job: TaskConfig): Promise<JudgedTask> {
  const status = await readTaskStatus(client, job);
  return { job, status, problems: problemsOf(job, status, Date.now()) };
}

type Wanted = Pick<JobConfig, 'name' | 'schedule' | 'deadline'>;
type Seen = Pick<JobStatus | TaskStatus, 'job' | 'schedule' | 'running' | 'last' | 'lastGood' | 'due'>;

/** Whether the runs of a job are as they should be. The command line and the status page judge by it alone. */
export function problemsOf(job: Wanted, status: Seen, now: number): readonly Problem[] {
  return [
    failedProblem(status),
    staleProblem(job, status, now),
    missingProblem(job, status),
    pausedProblem(status),
  ].filter((problem) => problem !== undefined);
}

function failedProblem({ job, last }: Seen): Problem | undefined {
  if (last?.failure === undefined) return undefined;
  return { kind: 'failed', text: `The last run of ${job} failed. ${last.failure.message}` };
}

/** Milliseconds that a run may need to be seen, besides its jitter. */
const grace = 60_000;

/**
 * A run that was due must have ended well by the deadline of the job. Where nothing is at work, that the next one was
 * due too is enough.
 */
function staleProblem(
  job: Wanted,
  { due, running, lastGood, schedule }: Seen,
  now: number,
): Problem | undefined {
  const [first, second] = due;
  if (first === undefined || schedule === undefined) return undefined;
  const next = running.length === 0 ? second : undefined;
  const limit = Math.min(first.getTime() + job.deadline, next?.getTime() ?? Infinity);
  if (now < limit + grace + (job.schedule?.jitter ?? 0)) return undefined;
  const when = lastGood === undefined ? 'ever' : `for ${duration(now - lastGood.endedAt.getTime())}`;
  const dueAt = localTime(first, schedule.fields['time zone']);
  return {
    kind: 'stale',
    text: `No run of ${job.name} has ended well ${when}, though one was due at ${dueAt}.`,
  };
}

function missingProblem({ name, schedule }: Wanted, seen: Seen): Problem | undefined {
  if (schedule === undefined || seen.schedule !== undefined) return undefined;
  return {
    kind: 'missing schedule',
    text: `The configuration gives ${name} a schedule (${schedule.cron}), and Temporal has none: run holdfast start-schedule.`,
  };
}

function pausedProblem({ job, schedule }: Seen): Problem | undefined {
  if (schedule?.paused !== true) return undefined;
  const why = schedule.note === '' ? '' : ` (${schedule.note})`;
  return { kind: 'paused', text: `The schedule of ${job} is paused${why}: it starts no runs.` };
}

/** `good`, or what is wrong, in capitals. */
export function stateText(problems: readonly Problem[]): string {
  return problems.map(({ kind }) => kind.toUpperCase()).join(', ') || 'good';
}

export function stateLines(problems: readonly Problem[]): readonly string[] {
  return [`  state        ${stateText(problems)}`, ...problems.map(({ text }) => `               ${text}`)];
}
