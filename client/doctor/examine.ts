import type { Client } from '@temporalio/client';
import { keepsOwnBackups, readIdentities, withStorage } from '../../activities/open.ts';
import type { Config, JobConfig } from '../../config/config.ts';
import { temporalTarget } from '../../config/temporal.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { withTemporal } from '../connection.ts';
import type { Io } from '../io.ts';
import { checkClock } from './clock.ts';
import { checkDrill } from './drill.ts';
import { type Finding, found, ok } from './finding.ts';
import { checkNewest } from './newest.ts';
import { checkRuns } from './runs.ts';
import { checkSchedules, checkStandby } from './schedule.ts';
import { checkStorage } from './storage.ts';
import { checkStore } from './store.ts';
import { checkAttributes, checkWorkers } from './temporal.ts';

/** What was looked at: Temporal, or a job. */
export interface Patient {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** First what all jobs share, then each job. One thing that is broken hides none of the others. */
export async function* examine(config: Config, jobs: readonly JobConfig[], io: Io): AsyncGenerator<Patient> {
  const { shared, ofJob } = await askTemporal(config, jobs, io);
  yield { name: 'temporal', findings: shared };
  for (const job of jobs) {
    const apart = await examineApart(job, io);
    yield { name: job.name, findings: [...apart, ...(ofJob.get(job.name) ?? [])] };
  }
}

/** What can be known without Temporal. */
async function examineApart(job: JobConfig, io: Io): Promise<readonly Finding[]> {
  const { signal } = io;
  const storage = withStorage(job, async (opened) => {
    const reached = await found('storage', signal, () => checkStorage(opened, job.name, signal));
    const source = {
      ...{ job: job.name, storage: opened, store: job.store, identities: () => readIdentities(job) },
      ...(keepsOwnBackups(job) && { repository: job }),
    };
    const newest = await found('newest backup', signal, () => checkNewest(source, io));
    const drill = await found('drill', signal, () => checkDrill(opened, job.name, signal));
    return [...reached, ...newest, ...drill];
  });
  const groups = await Promise.all([
    storage,
    found('store', signal, () => checkStore(job, signal)),
    found('clock', signal, () => checkClock(job)),
  ]);
  return groups.flat();
}

interface Asked {
  readonly shared: readonly Finding[];
  readonly ofJob: ReadonlyMap<string, readonly Finding[]>;
}

async function askTemporal(config: Config, jobs: readonly JobConfig[], io: Io): Promise<Asked> {
  const ofJob = new Map<string, readonly Finding[]>();
  const shared = await found('temporal', io.signal, () =>
    withTemporal(config.temporal, io, async (client) => {
      const { address, namespace } = temporalTarget(config.temporal, io.env);
      const attributes = await checkAttributes(client);
      for (const job of jobs) ofJob.set(job.name, await examineRuns(client, config, job, io));
      return [
        ok('temporal', `answers at ${address}, namespace ${namespace}`),
        ...attributes,
        ...(await found('worker', io.signal, () => checkWorkers(client))),
      ];
    }).catch(withConsequence),
  );
  return { shared, ofJob };
}

function withConsequence(error: unknown): never {
  if (!(error instanceof HoldfastError)) throw error;
  const message = `${error.message} So workers, schedules and runs were not looked at.`;
  throw new HoldfastError(error.code, message, { cause: error });
}

async function examineRuns(
  client: Client,
  config: Config,
  job: JobConfig,
  { signal }: Io,
): Promise<readonly Finding[]> {
  const groups = await Promise.all([
    found('schedule', signal, () => checkSchedules(client, config, job.name)),
    found('restore', signal, () => checkStandby(client, config, job.name)),
    found('runs', signal, () => checkRuns(client, job)),
  ]);
  return groups.flat();
}
