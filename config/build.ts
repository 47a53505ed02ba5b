import { resolve } from 'node:path';
import type { ConsulSettings } from '../stores/consul/settings.ts';
import type { ClusterSettings, RepositorySettings } from '../stores/elasticsearch/settings.ts';
import type { EtcdSettings } from '../stores/etcd/settings.ts';
import type { KeepPolicy } from '../storage/retention.ts';
import type { S3Settings, StorageSettings } from '../storage/settings.ts';
import type { CommandSettings } from '../tasks/command/settings.ts';
import type {
  Config,
  DrillSettings,
  JobConfig,
  SearchSettings,
  StoreSettings,
  TaskConfig,
  TaskWork,
  WorkerSettings,
} from './config.ts';
import { buildAlarms } from './alarms.ts';
import { buildAws } from './aws.ts';
import { buildEcs } from './ecs.ts';
import { present } from './present.ts';
import { buildRunIn } from './run-in.ts';
import type { CheckedConfig, CheckedJob, CheckedStorage } from './schema.ts';

/** From the settings as they are written to the configuration as the code uses it. */
export function buildConfig(checked: CheckedConfig, file: string, folder: string): Config {
  const storages = new Map<string, StorageSettings>();
  for (const [name, storage] of Object.entries(checked.storages))
    storages.set(name, buildStorage(storage, folder));
  const jobs = new Map<string, JobConfig>();
  const tasks = new Map<string, TaskConfig>();
  for (const [name, job] of Object.entries(checked.jobs)) {
    const work = buildWork(job, storages, folder);
    if (work === undefined) jobs.set(name, buildJob(name, job, storages, folder));
    else tasks.set(name, buildTask(name, work, job));
  }
  return {
    file,
    temporal: present({ ...checked.temporal, ui: checked.temporal.ui?.replace(/\/$/, '') }),
    worker: buildWorker(checked.worker, folder),
    storages,
    jobs,
    tasks,
    alarms: buildAlarms(checked.alarms, folder),
  };
}

function buildTask(
  name: string,
  work: TaskWork,
  { schedule, deadline, stale_after: staleAfter }: CheckedJob,
): TaskConfig {
  return { name, work, deadline, ...present({ schedule, staleAfter }) };
}

function buildWorker({ commands, grace, status }: CheckedConfig['worker'], folder: string): WorkerSettings {
  const { port, address, token, token_file: tokenFile } = status;
  if (port === 0) return { commands, grace };
  const path = tokenFile === undefined ? undefined : resolve(folder, tokenFile);
  return { commands, grace, status: { port, address, ...present({ token, tokenFile: path }) } };
}

/** Undefined where the job is a backup. */
function buildWork(
  { command, ecs }: CheckedJob,
  storages: ReadonlyMap<string, StorageSettings>,
  folder: string,
): TaskWork | undefined {
  if (command !== undefined) return buildCommandWork(command, storages, folder);
  return ecs && { kind: 'ecs', ecs: buildEcs(ecs) };
}

type CheckedCommand = NonNullable<CheckedJob['command']>;

function buildCommandWork(
  command: CheckedCommand,
  storages: ReadonlyMap<string, StorageSettings>,
  folder: string,
): TaskWork {
  const output = command.output && storages.get(command.output.storage);
  return { kind: 'command', command: buildCommand(command, folder), ...present({ output }) };
}

function buildCommand(
  { argv, shell, directory, env, user, grace, retries }: CheckedCommand,
  folder: string,
): CommandSettings {
  const [program, ...args] = shell === undefined ? (argv ?? []) : ['/bin/sh', '-c', shell];
  if (program === undefined) throw new Error('checks.ts lets only commands with a program pass');
  return {
    argv: [program, ...args],
    directory: resolve(folder, directory),
    ...{ env, grace, retries },
    // Empty, as `${RUN_AS:-}` gives it, means none.
    ...present({ user: user === '' ? undefined : user }),
  };
}

export function buildStorage({ s3, directory }: CheckedStorage, folder: string): StorageSettings {
  if (directory !== undefined)
    return { kind: 'directory', directory: { path: resolve(folder, directory.path) } };
  if (s3 === undefined) throw new Error('checks.ts lets only storages with one kind pass');
  return { kind: 's3', s3: buildS3(s3) };
}

function buildS3(s3: NonNullable<CheckedStorage['s3']>): S3Settings {
  const { endpoint, storage_class: storageClass } = s3;
  return {
    bucket: s3.bucket,
    prefix: s3.prefix.replace(/^\/|\/$/g, ''),
    pathStyle: s3.path_style,
    checksums: s3.checksums === 'when_required' ? 'when-required' : 'when-supported',
    concurrency: s3.concurrency,
    ...buildAws(s3),
    ...present({ endpoint, storageClass, sse: buildSse(s3.sse) }),
  };
}

function buildSse(sse: NonNullable<CheckedStorage['s3']>['sse']): S3Settings['sse'] {
  if (sse === undefined || sse === 'AES256') return sse && { type: 'AES256' };
  return sse === 'aws:kms' ? { type: 'aws:kms' } : { type: 'aws:kms', keyId: sse.kms };
}

function buildJob(
  name: string,
  job: CheckedJob,
  storages: ReadonlyMap<string, StorageSettings>,
  folder: string,
): JobConfig {
  const { storage: storageName = '' } = job;
  const storage = storages.get(storageName);
  // Indices have no prefixes: what of them is backed up stands in the settings of the store.
  const prefix = (job.consul ?? job.etcd)?.prefix ?? '';
  if (storage === undefined) throw new Error('checks.ts lets only whole jobs pass');
  const { schedule } = job;
  return {
    name,
    store: buildStore(job, folder),
    scope: { prefix },
    storageName,
    storage,
    ...present({ schedule }),
    drill: buildDrill(job.drill),
    keep: buildKeep(job),
    ...present({ verify: job.verify && present(job.verify) }),
    encryption: {
      recipients: job.encrypt.recipients,
      identityFiles: job.encrypt.identity_files.map((file) => resolve(folder, file)),
      allowPlaintext: job.encrypt.allow_plaintext,
    },
    allowEmpty: job.allow_empty,
    maxShrink: job.max_shrink,
    deadline: job.deadline,
    ...present({ staleAfter: job.stale_after }),
    approvalTimeout: job.approval_timeout,
    ...present({ runIn: job.run_in && buildRunIn(job.run_in) }),
  };
}

function buildDrill({ schedule, backup, scratch }: CheckedJob['drill']): DrillSettings {
  return { backup, ...present({ schedule, scratch: scratch && present(scratch) }) };
}

function buildKeep({ keep, schedule, deadline }: CheckedJob): KeepPolicy {
  const { at_least: atLeast, safety, ...rules } = keep;
  return {
    ...present(rules),
    ...{ atLeast, safety, timezone: schedule?.timezone ?? 'UTC' },
    unfinishedFor: Math.max(24 * 3_600_000, deadline + 3_600_000),
  };
}

function buildStore({ consul, etcd, elasticsearch }: CheckedJob, folder: string): StoreSettings {
  if (consul !== undefined) return { kind: 'consul', mode: consul.mode, consul: buildConsul(consul, folder) };
  if (etcd !== undefined) return { kind: 'etcd', mode: etcd.mode, etcd: buildEtcd(etcd, folder) };
  if (elasticsearch !== undefined)
    return { kind: 'elasticsearch', ...buildElasticsearch(elasticsearch, folder) };
  throw new Error('checks.ts lets only jobs with one store pass');
}

type CheckedElasticsearch = NonNullable<CheckedJob['elasticsearch']>;

function buildElasticsearch(elasticsearch: CheckedElasticsearch, folder: string): SearchSettings {
  const { mode, repository } = elasticsearch;
  const cluster = buildCluster(elasticsearch, folder);
  if (mode === 'documents') return { mode, elasticsearch: cluster };
  if (repository === undefined) throw new Error('checks.ts lets only snapshots with a repository pass');
  return {
    mode,
    elasticsearch: {
      ...cluster,
      repository: buildRepository(repository),
      globalState: elasticsearch.global_state,
      featureStates: elasticsearch.feature_states,
      snapshotName: elasticsearch.snapshot_name,
    },
  };
}

function buildRepository({
  name,
  type,
  settings,
  update,
}: NonNullable<CheckedElasticsearch['repository']>): RepositorySettings {
  return { name, update, ...present({ definition: type === undefined ? undefined : { type, settings } }) };
}

function buildCluster(elasticsearch: CheckedElasticsearch, folder: string): ClusterSettings {
  const { addresses, user, password, api_key: apiKey } = elasticsearch;
  return {
    addresses: addresses.map((address) => address.replace(/\/$/, '')),
    indices: elasticsearch.indices,
    ignoreUnavailable: elasticsearch.ignore_unavailable,
    // Empty, as `${ES_USER:-}` gives it, means none.
    ...present({
      auth: user ? { user, password: password ?? '' } : apiKey ? { apiKey } : undefined,
      tls: buildTls(elasticsearch.tls, folder),
    }),
  };
}

function buildEtcd(etcd: NonNullable<CheckedJob['etcd']>, folder: string): EtcdSettings {
  const { endpoints, user, password, leases, max_request_bytes: maxRequestBytes } = etcd;
  return {
    endpoints: endpoints.map((endpoint) => endpoint.replace(/\/$/, '')),
    leases,
    maxRequestBytes,
    // Empty, as `${ETCD_USER:-}` gives it, means none.
    ...(user === undefined || user === '' ? {} : present({ user, password })),
    ...present({ tls: buildTls(etcd.tls, folder) }),
  };
}

function buildConsul(consul: NonNullable<CheckedJob['consul']>, folder: string): ConsulSettings {
  const addresses = consul.addresses ?? [consul.address].filter((address) => address !== undefined);
  const { datacenter, token } = consul;
  return {
    addresses: addresses.map((address) => address.replace(/\/$/, '')),
    consistency: consul.consistency,
    // Consul takes an empty token for none; `${CONSUL_HTTP_TOKEN:-}` gives one.
    ...present({ datacenter, token: token === '' ? undefined : token, tls: buildTls(consul.tls, folder) }),
  };
}

type CheckedTls = NonNullable<CheckedJob['consul']>['tls'];

function buildTls(tls: CheckedTls, folder: string): ConsulSettings['tls'] {
  if (tls === undefined) return undefined;
  const file = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path));
  return present({ ca: file(tls.ca), cert: file(tls.cert), key: file(tls.key), serverName: tls.server_name });
}
