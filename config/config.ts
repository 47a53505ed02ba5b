import type { Channel } from '../alarms/settings.ts';
import type { Scope } from '../workflows/contract/manifest.ts';
import type { ConsulSettings } from '../stores/consul/settings.ts';
import type { ClusterSettings, ElasticsearchSettings } from '../stores/elasticsearch/settings.ts';
import type { EtcdSettings } from '../stores/etcd/settings.ts';
import type { StorageSettings } from '../storage/settings.ts';
import type { KeepPolicy } from '../storage/retention.ts';
import type { CronDialect } from './cron.ts';
import type { CommandSettings } from '../tasks/command/settings.ts';
import type { EcsSettings } from '../tasks/ecs/settings.ts';

/** holdfast.yaml as the code uses it: checked, defaults filled in, times in milliseconds. */
export interface Config {
  /** Where it was read, for messages. */
  readonly file: string;
  readonly temporal: TemporalSettings;
  readonly storages: ReadonlyMap<string, StorageSettings>;
  /** The entries of `jobs:` that back up a store. */
  readonly jobs: ReadonlyMap<string, JobConfig>;
  /** The entries of `jobs:` that do other work. No name is in both. */
  readonly tasks: ReadonlyMap<string, TaskConfig>;
  readonly worker: WorkerSettings;
  /** How people are told when something is wrong. */
  readonly alarms: ReadonlyMap<string, Channel>;
}

/** What is not set here comes from the environment and the TOML profiles that the `temporal` command uses too. */
export interface TemporalSettings {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
  /** Address of its UI, without a slash at the end. */
  readonly ui?: string;
}

export interface WorkerSettings {
  /** Whether this worker runs commands. */
  readonly commands: boolean;
  /** Milliseconds that running activities may still take after SIGTERM; then they hand over, or end. */
  readonly grace: number;
  /** Absent: no status page is served. */
  readonly status?: StatusSettings;
}

export interface StatusSettings {
  readonly port: number;
  readonly address: string;
  readonly token?: string;
  /** Path of a file that holds the token. */
  readonly tokenFile?: string;
}

export interface JobConfig {
  readonly name: string;
  readonly store: StoreSettings;
  readonly scope: Scope;
  readonly storageName: string;
  readonly storage: StorageSettings;
  readonly schedule?: ScheduleSettings;
  readonly drill: DrillSettings;
  readonly keep: KeepPolicy;
  /** Absent: stored backups are read back only where `holdfast verify` does it. */
  readonly verify?: VerifySettings;
  readonly encryption: EncryptionSettings;
  readonly allowEmpty: boolean;
  /** 0 to 1: a backup that holds less by more than this part of the last good one is suspicious. */
  readonly maxShrink: number;
  readonly deadline: number;
  /** Milliseconds without a good backup that are too many. Absent: the schedule tells. */
  readonly staleAfter?: number;
  readonly approvalTimeout: number;
  /** Absent: a worker that serves all jobs captures it. */
  readonly runIn?: RunIn;
}

/** Where the capture of a backup runs: in a container of Holdfast's own image, near the store. */
export interface RunIn {
  readonly kind: 'ecs';
  /** Its name in the task definition. */
  readonly container: string;
  readonly ecs: EcsSettings;
}

export interface DrillSettings {
  readonly schedule?: ScheduleSettings;
  readonly backup: 'latest' | 'random';
  /** The cluster of another job, or the job's own; keys need a prefix there. */
  readonly scratch?: { readonly job: string; readonly prefix?: string };
}

/** Any other periodic work. */
export interface TaskConfig {
  readonly name: string;
  readonly work: TaskWork;
  readonly schedule?: ScheduleSettings;
  /** Milliseconds. */
  readonly deadline: number;
  /** Milliseconds without a good run that are too many. Absent: the schedule tells. */
  readonly staleAfter?: number;
}

export type TaskWork =
  | {
      readonly kind: 'command';
      readonly command: CommandSettings;
      /** Where the whole of stdout and stderr is kept. Absent: nowhere, but for their ends in the result. */
      readonly output?: StorageSettings;
    }
  | { readonly kind: 'ecs'; readonly ecs: EcsSettings };

export type StoreSettings =
  | {
      readonly kind: 'consul';
      /** What a backup is: the keys, or a snapshot of the whole. */
      readonly mode: 'keys' | 'snapshot';
      readonly consul: ConsulSettings;
    }
  | {
      readonly kind: 'etcd';
      /** What a backup is: a snapshot of the whole, or the keys. */
      readonly mode: 'snapshot' | 'keys';
      readonly etcd: EtcdSettings;
    }
  | ({ readonly kind: 'elasticsearch' } & SearchSettings);

/** What a backup of indices is: a snapshot that the cluster takes itself, or every document, read and stored. */
export type SearchSettings =
  | { readonly mode: 'snapshot'; readonly elasticsearch: ElasticsearchSettings }
  | { readonly mode: 'documents'; readonly elasticsearch: ClusterSettings };

/** Where the store of a job is reached. */
export function storeAddresses(store: StoreSettings): readonly string[] {
  switch (store.kind) {
    case 'consul':
      return store.consul.addresses;
    case 'etcd':
      return store.etcd.endpoints;
    case 'elasticsearch':
      return store.elasticsearch.addresses;
  }
}

export interface ScheduleSettings {
  readonly cron: string;
  /** How `cron` is read. */
  readonly dialect: CronDialect;
  /** IANA name; also the time zone of `keep`. */
  readonly timezone: string;
  readonly jitter: number;
  /** How late a missed run may still start. */
  readonly catchup: number;
}

export interface VerifySettings {
  readonly schedule?: ScheduleSettings;
  readonly slices: number;
  /** Milliseconds. */
  readonly deadline: number;
}

export interface EncryptionSettings {
  /** age recipients; none: backups are not encrypted. */
  readonly recipients: readonly string[];
  /** Paths of files with age identities, needed to verify and restore. */
  readonly identityFiles: readonly string[];
  /** Somebody has said that what must be secret may be stored as it is. */
  readonly allowPlaintext: boolean;
}
