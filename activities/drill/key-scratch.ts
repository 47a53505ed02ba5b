import type { Config, JobConfig, StoreSettings } from '../../config/config.ts';
import { storeAddresses } from '../../config/config.ts';
import { findConsul, openThrowawayConsul } from '../../stores/consul/throwaway.ts';
import type { EtcdSettings } from '../../stores/etcd/settings.ts';
import { openEmptyThrowaway } from '../../stores/etcd/throwaway.ts';
import { findTool } from '../../stores/etcd/tools.ts';
import type { DrillScratch } from '../../workflows/contract/drill.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { jobOf } from '../step.ts';

/** Where keys are restored to, as a job of a configuration that a restore takes for its own. */
export interface KeyScratch {
  readonly shown: DrillScratch;
  readonly config: Config;
  readonly toJob: string;
  /** Absent: under their own names. */
  readonly toPrefix?: string;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

/** @throws ProgramMissing where there is no program for a throwaway server, saying what else would do */
export async function openKeyScratch(
  config: Config,
  job: JobConfig,
  id: string,
  signal: AbortSignal,
): Promise<KeyScratch> {
  const place = placeOf(config, job, id);
  if (place !== undefined) return place;
  const purpose = `to drill the backups of job ${job.name}`;
  try {
    if (job.store.kind === 'consul') return await throwawayConsul(config, job, purpose, signal);
    if (job.store.kind === 'etcd') return await throwawayEtcd(config, job, job.store.etcd, purpose, signal);
  } catch (error) {
    throw withWayOut(error, job);
  }
  throw new HoldfastError('BadRequest', `Job ${job.name} stands for indices; it has no keys.`);
}

/** The prefix of one drill in the configured store; undefined where none is configured. */
export function placeOf(config: Config, job: JobConfig, id: string): KeyScratch | undefined {
  const { scratch } = job.drill;
  if (scratch?.prefix === undefined) return undefined;
  const target = jobOf(config, scratch.job);
  const prefix = `${drillsPrefix(job, scratch.prefix)}${id}/`;
  const [address = ''] = storeAddresses(target.store);
  return {
    shown: { kind: 'prefix', job: target.name, address, prefix },
    config,
    toJob: target.name,
    toPrefix: prefix,
    // What is under it, leftovers.ts removes.
    close: () => Promise.resolve(),
  };
}

/** Under it are all drills of a job in its scratch store. */
export function drillsPrefix({ name }: Pick<JobConfig, 'name'>, prefix: string): string {
  return `${prefix}${prefix.endsWith('/') ? '' : '/'}${name}/`;
}

async function throwawayConsul(
  config: Config,
  job: JobConfig,
  purpose: string,
  signal: AbortSignal,
): Promise<KeyScratch> {
  const program = await findConsul(purpose, signal);
  const opened = await openThrowawayConsul(program, signal);
  return {
    shown: { kind: 'throwaway', program: 'consul', version: program.version },
    ...asJob(config, job, { kind: 'consul', mode: 'keys', consul: opened.settings }),
    close: () => opened.close(),
  };
}

async function throwawayEtcd(
  config: Config,
  job: JobConfig,
  { leases, maxRequestBytes }: EtcdSettings,
  purpose: string,
  signal: AbortSignal,
): Promise<KeyScratch> {
  const program = await findTool('etcd', purpose, signal);
  const opened = await openEmptyThrowaway(program, maxRequestBytes, signal);
  // A lease that is granted anew may end before the proof.
  const policy = leases === 'regrant' ? 'drop' : leases;
  const etcd = { ...opened.connection.settings, leases: policy, maxRequestBytes } as const;
  return {
    shown: { kind: 'throwaway', program: 'etcd', version: program.version },
    ...asJob(config, job, { kind: 'etcd', mode: 'keys', etcd }),
    close: () => opened.close(),
  };
}

/** No job of a configuration can have such a name. */
const nameOf = ({ name }: JobConfig): string => `scratch of ${name}`;

function asJob(config: Config, job: JobConfig, store: StoreSettings): Pick<KeyScratch, 'config' | 'toJob'> {
  const scratch: JobConfig = { ...job, name: nameOf(job), store, scope: { prefix: '' } };
  return {
    config: { ...config, jobs: new Map([...config.jobs, [scratch.name, scratch]]) },
    toJob: scratch.name,
  };
}

/** A worker that lacks the program can still drill, in a store that somebody names. */
export function withWayOut(error: unknown, { name }: JobConfig): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'ProgramMissing') return error;
  return new HoldfastError(
    'ProgramMissing',
    `${error.message} Or name another store for it: \`scratch: { job: …, prefix: holdfast-drill/ }\` under \`drill\` of job ${name}.`,
    { cause: error, details: error.details },
  );
}
