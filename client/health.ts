import type { Client } from '@temporalio/client';
import type { JobConfig, TaskConfig } from '../config/config.ts';
import type { AlarmLevel } from '../workflows/contract/alarms.ts';
import { counted, duration } from './format.ts';
import type { ProofStatus } from './proof-status.ts';
import { type JobStatus, readJobStatus } from './status.ts';
import { readTaskStatus, type TaskStatus } from './task-status.ts';
import { localTime } from './time.ts';

/** What can be wrong with a job, from the worst to the least, and how loud the alarm is. */
export const problemLevels = {
  failed: 'critical',
  'restore failed': 'critical',
  damaged: 'critical',
  'drill failed': 'critical',
  stale: 'critical',
  'missing schedule': 'critical',
  suspicious: 'warning',
  paused: 'warning',
  'dropped runs': 'warning',
  'drill stale': 'warning',
  'drill schedule missing': 'warning',
  'drill paused': 'warning',
  'verify failed': 'warning',
  'verify stale': 'warning',
  'verify schedule missing': 'warning',
  'verify paused': 'warning',
} as const satisfies Record<string, AlarmLevel>;

export type ProblemKind = keyof typeof problemLevels;

export const problemKinds = Object.keys(problemLevels) as readonly ProblemKind[];

export interface Problem {
  readonly kind: ProblemKind;
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
  const status = await withoutTrusted(job, await readJobStatus(client, job.name));
  const now = Date.now();
  const problems = [
    ...problemsOf(job, status, now),
    ...drillProblemsOf(job, status.drill, now),
    ...verifyProblemsOf(job, status.verify, now),
  ];
  return { job, status, problems: problems.sort(worstFirst) };
}

function worstFirst(one: Problem, other: Problem): number {
  return problemKinds.indexOf(one.kind) - problemKinds.indexOf(other.kind);
}

export async function readJudgedTask(client: Client, job: TaskConfig): Promise<JudgedTask> {
  const status = await readTaskStatus(client, job);
  return { job, status, problems: problemsOf(job, status, Date.now()) };
}

/** What a person said of a suspicious backup stands beside it, in the storage. */
async function withoutTrusted({ name, storage }: JobConfig, status: JobStatus): Promise<JobStatus> {
  const { suspicious, ...others } = status;
  if (suspicious === undefined) return status;
  const { isTrusted } = await import('./trusted.ts');
  return (await isTrusted(storage, name, suspicious.id)) ? others : status;
}

type Wanted = Pick<JobConfig, 'name' | 'schedule' | 'deadline' | 'staleAfter'>;
type Seen = Pick<
  JobStatus | TaskStatus,
  'job' | 'schedule' | 'running' | 'last' | 'lastGood' | 'due' | 'dropped'
> &
  Partial<Pick<JobStatus, 'restore' | 'suspicious'>>;

/** Whether the runs of a job are as they should be. The command line and the status page judge by it alone. */
export function problemsOf(job: Wanted, status: Seen, now: number): readonly Problem[] {
  return [
    failedProblem(status),
    restoreProblem(status),
    staleProblem(job, status, now),
    missingProblem(job, status),
    suspiciousProblem(status),
    pausedProblem(status),
    droppedProblem(status),
  ].filter((problem) => problem !== undefined);
}

function failedProblem({ job, last }: Seen): Problem | undefined {
  if (last?.failure === undefined) return undefined;
  return { kind: 'failed', text: `The last run of ${job} failed. ${last.failure.message}` };
}

/** One that failed before it had a plan has changed nothing: whoever asked for it has heard so. */
function restoreProblem({ job, restore }: Seen): Problem | undefined {
  const last = typeof restore === 'object' ? restore.last : undefined;
  if (last?.failure === undefined || last.plan === undefined) return undefined;
  const text =
    `The last restore of ${job}, from ${last.backup}, failed: what it wrote may be half of it. ` +
    `${last.failure.message} The next restore or dry run that ends well ends this alarm.`;
  return { kind: 'restore failed', text };
}

function staleProblem(job: Wanted, seen: Seen, now: number): Problem | undefined {
  return job.staleAfter === undefined
    ? overdueProblem('run', job, seen, now)
    : oldProblem(job.name, job.staleAfter, seen, now);
}

const overdue = {
  run: 'stale',
  drill: 'drill stale',
  verification: 'verify stale',
} as const satisfies Record<string, ProblemKind>;

/** Milliseconds that a run may need to be seen, besides its jitter. */
const grace = 60_000;

/**
 * A run that was due must have ended well by the deadline of the job. Where nothing is at work, that the next one was
 * due too is enough.
 */
function overdueProblem(
  what: keyof typeof overdue,
  job: Pick<Wanted, 'name' | 'schedule' | 'deadline'>,
  {
    due,
    running,
    lastGood,
    schedule,
  }: Pick<ProofStatus, 'due' | 'schedule'> & {
    readonly running: readonly unknown[];
    readonly lastGood?: { readonly endedAt: Date };
  },
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
    kind: overdue[what],
    text: `No ${what} of ${job.name} has ended well ${when}, though one was due at ${dueAt}.`,
  };
}

/** Where nothing ever ended well, the time counts from when the schedule was made; without one it is over. */
function oldProblem(
  name: string,
  staleAfter: number,
  { lastGood, schedule }: Seen,
  now: number,
): Problem | undefined {
  const since = lastGood?.endedAt ?? schedule?.changedAt;
  if (since !== undefined && now - since.getTime() <= staleAfter) return undefined;
  const when = lastGood === undefined ? 'ever' : `for ${duration(now - lastGood.endedAt.getTime())}`;
  const text = `No run of ${name} has ended well ${when}; its stale_after is ${duration(staleAfter)}.`;
  return { kind: 'stale', text };
}

function suspiciousProblem({ job, suspicious }: Seen): Problem | undefined {
  if (suspicious === undefined) return undefined;
  const { id, reasons } = suspicious;
  const text =
    `The newest backup of ${job}, ${id}, is suspicious: ${reasons.join('; ')}. Nothing is pruned. Look at it ` +
    `(holdfast diff), and say holdfast trust ${job} ${id} if it is right.`;
  return { kind: 'suspicious', text };
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

function droppedProblem({ job, dropped, schedule }: Seen): Problem | undefined {
  const [first] = dropped;
  if (first === undefined) return undefined;
  const text =
    `${counted(dropped.length, 'run')} of ${job} that ${dropped.length === 1 ? 'was' : 'were'} due between the last two did not start, ` +
    `from ${localTime(first, schedule?.fields['time zone'] ?? 'UTC')} on: another one was at work, the schedule was ` +
    'paused, or Temporal was away.';
  return { kind: 'dropped runs', text };
}

/** Whether backups are proven by restoring them as the job says. */
export function drillProblemsOf(
  { name, deadline, drill: { schedule } }: Pick<JobConfig, 'name' | 'deadline' | 'drill'>,
  seen: ProofStatus = { running: [], due: [] },
  now: number,
): readonly Problem[] {
  const { last } = seen;
  const job = { name, deadline, ...(schedule && { schedule }) };
  const problems: (Problem | undefined)[] = [
    last?.failure && {
      kind: 'drill failed',
      text: `The last drill of ${name} failed. ${last.failure.message}`,
    },
    overdueProblem('drill', job, seen, now),
    ...scheduleProblems(job, seen, {
      runs: 'drills',
      missing: 'drill schedule missing',
      paused: 'drill paused',
      without: 'no backup is proven by it',
    }),
  ];
  return problems.filter((problem) => problem !== undefined);
}

/** Whether stored backups are read back as the job says, and are whole. */
export function verifyProblemsOf(
  { name, verify }: Pick<JobConfig, 'name' | 'verify'>,
  seen: ProofStatus = { running: [], due: [] },
  now: number,
): readonly Problem[] {
  const { failure } = seen.last ?? {};
  const job = {
    name,
    deadline: verify?.deadline ?? 0,
    ...(verify?.schedule && { schedule: verify.schedule }),
  };
  const problems: (Problem | undefined)[] = [
    failure && {
      kind: failure.code === 'BackupDamaged' ? 'damaged' : 'verify failed',
      text: `The last verification of ${name} failed. ${failure.message}`,
    },
    verify && overdueProblem('verification', job, seen, now),
    ...scheduleProblems(job, seen, {
      runs: 'verifications',
      missing: 'verify schedule missing',
      paused: 'verify paused',
      without: 'stored backups are not read back',
    }),
  ];
  return problems.filter((problem) => problem !== undefined);
}

/** What is wrong with the schedule of the runs that prove backups. */
function scheduleProblems(
  { name, schedule }: Pick<Wanted, 'name' | 'schedule'>,
  seen: ProofStatus,
  { runs, missing, paused, without }: ScheduleWords,
): readonly (Problem | undefined)[] {
  return [
    schedule !== undefined && seen.schedule === undefined
      ? {
          kind: missing,
          text: `The configuration gives the ${runs} of ${name} a schedule (${schedule.cron}), and Temporal has none: run holdfast start-schedule.`,
        }
      : undefined,
    seen.schedule?.paused === true
      ? { kind: paused, text: `The schedule of the ${runs} of ${name} is paused: ${without}.` }
      : undefined,
  ];
}

interface ScheduleWords {
  readonly runs: string;
  readonly missing: ProblemKind;
  readonly paused: ProblemKind;
  readonly without: string;
}

/** `good`, or what is wrong, in capitals. */
export function stateText(problems: readonly Problem[]): string {
  return problems.map(({ kind }) => kind.toUpperCase()).join(', ') || 'good';
}

export function stateLines(problems: readonly Problem[]): readonly string[] {
  return [`  state        ${stateText(problems)}`, ...problems.map(({ text }) => `               ${text}`)];
}
