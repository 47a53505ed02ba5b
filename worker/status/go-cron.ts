import { type Problem, problemKinds } from '../../client/health.ts';
import type { WatchProblem } from '../../client/watch.ts';
import { endedBackup, endedTask, type GoCronRun, never, runningBackup, runningTask } from './go-cron-run.ts';
import { isTask, type JudgedJob, type State } from './state.ts';

export interface GoCronProblem {
  readonly Job: string;
  readonly Problem: Problem['kind'] | WatchProblem['kind'] | 'Temporal does not answer';
  readonly Message: string;
}

/** What go-cron answers (github.com/odise/go-cron), in its order, and after it what is Holdfast's own. */
export interface GoCronStatus {
  /** By process id. */
  readonly Running: Readonly<Record<string, GoCronRun>>;
  readonly Last: GoCronRun;
  readonly Schedule: string;
  readonly Job: string;
  /** False: the answer is 503. */
  readonly Healthy: boolean;
  readonly Problems: readonly GoCronProblem[];
}

export interface GoCronOverview extends GoCronStatus {
  readonly Jobs: Readonly<Record<string, GoCronStatus>>;
}

export function jobStatus(judged: JudgedJob): GoCronStatus {
  const { job, status, problems } = judged;
  return {
    ...runsOf(judged),
    Schedule: status.schedule?.fields.cron ?? job.schedule?.cron ?? '',
    Job: job.name,
    Healthy: problems.length === 0,
    Problems: problems.map(({ kind, text }) => ({ Job: job.name, Problem: kind, Message: text })),
  };
}

function runsOf(judged: JudgedJob): Pick<GoCronStatus, 'Running' | 'Last'> {
  if (isTask(judged)) {
    const { running, last } = judged.status;
    return { Running: byPid(running.map(runningTask)), Last: last === undefined ? never : endedTask(last) };
  }
  const { running, last } = judged.status;
  return { Running: byPid(running.map(runningBackup)), Last: last === undefined ? never : endedBackup(last) };
}

function byPid(runs: readonly GoCronRun[]): GoCronStatus['Running'] {
  return Object.fromEntries(runs.map((run) => [run.Pid, run]));
}

/** All jobs in the form of one: the one that is worst off stands for them, else the one that ended last. */
export function overview(state: State): GoCronOverview {
  const [first] = [...state.jobs].sort(worstFirst);
  const top = first && jobStatus(first);
  const jobs = state.jobs.map(jobStatus);
  const problems =
    state.unreachable === undefined
      ? [...jobs.flatMap((job) => job.Problems), ...state.alarms.map(ofAlarms)]
      : [unreachable(state)];
  return {
    Running: byPid(jobs.flatMap(({ Running }) => Object.values(Running))),
    Last: top?.Last ?? never,
    Schedule: top?.Schedule ?? '',
    Job: top?.Job ?? '',
    Healthy: problems.length === 0,
    Problems: problems,
    Jobs: Object.fromEntries(jobs.map((job) => [job.Job, job])),
  };
}

/** Of a job of which nothing is known, since Temporal does not answer. */
export function unknownStatus(name: string, state: State): GoCronStatus {
  return {
    Running: {},
    Last: never,
    Schedule: '',
    Job: name,
    Healthy: false,
    Problems: [unreachable(state)],
  };
}

function unreachable({ unreachable: reason = '' }: State): GoCronProblem {
  return { Job: '', Problem: 'Temporal does not answer', Message: reason };
}

function ofAlarms({ kind, text }: WatchProblem): GoCronProblem {
  return { Job: '', Problem: kind, Message: text };
}

function worstFirst(one: JudgedJob, other: JudgedJob): number {
  return gravity(one) - gravity(other) || endedAt(other) - endedAt(one);
}

function gravity({ problems: [worst] }: JudgedJob): number {
  return worst === undefined ? problemKinds.length : problemKinds.indexOf(worst.kind);
}

function endedAt({ status }: JudgedJob): number {
  return status.last?.endedAt.getTime() ?? 0;
}
