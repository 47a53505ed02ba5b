import type { Client } from '@temporalio/client';
import { grpcProblem } from '../../client/grpc.ts';
import {
  type Judged,
  type JudgedBackup,
  type JudgedTask,
  readJudgedBackup,
  readJudgedTask,
} from '../../client/health.ts';
import { readWatchProblems, type WatchProblem } from '../../client/watch.ts';
import type { Config } from '../../config/config.ts';
import { kept } from './kept.ts';
import { createRedaction } from '../../config/redact.ts';

export type JudgedJob = JudgedBackup | JudgedTask;

export function isTask(judged: JudgedJob): judged is JudgedTask {
  return 'work' in judged.job;
}

export function isBackup(judged: JudgedJob): judged is JudgedBackup {
  return !isTask(judged);
}

/** What Temporal knows of all jobs at one moment. Nothing is kept by the worker: each shows the same, also after a restart. */
export interface State {
  readonly readAt: Date;
  /** In the order of the configuration; empty where Temporal did not answer. */
  readonly jobs: readonly JudgedJob[];
  /** What is wrong with the alarms themselves. */
  readonly alarms: readonly WatchProblem[];
  /** Why nothing is known. */
  readonly unreachable?: string;
}

export interface StateReader {
  read(): Promise<State>;
}

/** Milliseconds that Temporal has to answer. */
const patience = 5000;

export function createStateReader(client: Client, config: Config, address: string): StateReader {
  const redact = createRedaction(config);
  // The configuration of a job stays in the worker.
  const shown = <Job, Status>({ job, ...seen }: Judged<Job, Status>): Judged<Job, Status> => ({
    job,
    ...redact(seen),
  });
  const readNow = async (): Promise<State> => {
    try {
      const [jobs, alarms] = await client.connection.withDeadline(Date.now() + patience, () =>
        Promise.all([
          Promise.all<JudgedJob>([
            ...[...config.jobs.values()].map(async (job) => shown(await readJudgedBackup(client, job))),
            ...[...config.tasks.values()].map(async (task) => shown(await readJudgedTask(client, task))),
          ]),
          readWatchProblems(client, config),
        ]),
      );
      return { readAt: new Date(), jobs, alarms: redact(alarms) };
    } catch (error) {
      const unreachable = `Temporal at ${address} does not tell how the jobs are: ${reasonOf(error)}`;
      return { readAt: new Date(), jobs: [], alarms: [], unreachable: redact(unreachable) };
    }
  };
  return { read: kept(readNow) };
}

function reasonOf(error: unknown): string {
  return grpcProblem(error)?.details ?? (error instanceof Error ? error.message : String(error));
}
