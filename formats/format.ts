import type { LeftOut } from '../workflows/contract/manifest.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';

/** The files of other tools that can be read, by the names that `--format` takes. */
export const oldFormats = {
  /** consulate, and adsabs/consul-backup with it: rows of key, flags, value. */
  consulate: 'consul',
  /** The answer of Consul's `/v1/kv/?recurse`, as `curl` keeps it; `Key`, `Flags` and `Value` are enough. */
  'consul-recurse': 'consul',
  'consul-kv-export': 'consul',
  /** Encrypted, with its signature in a second file. */
  'consul-backinator': 'consul',
  /** Dumps of etcd's v2 keys by etcd-backup. */
  'etcd-backup': 'etcd',
  /** The same by etcd-aws: gzip of one node a line. */
  'etcd-aws': 'etcd',
  /** `consul snapshot save`, or what `/v1/snapshot` answers: all of Consul. */
  'consul-snapshot': 'consul',
  /** `etcdctl snapshot save`: all of an etcd 3. */
  'etcd-snapshot': 'etcd',
} as const;

export type OldFormat = keyof typeof oldFormats;

/** Kept as they are: one file of the whole store. */
export type SnapshotFormat = 'consul-snapshot' | 'etcd-snapshot';

/** Read row by row. */
export type RowFormat = Exclude<OldFormat, SnapshotFormat>;

export function isSnapshotFormat(format: OldFormat): format is SnapshotFormat {
  return format === 'consul-snapshot' || format === 'etcd-snapshot';
}

/** A file of another tool. */
export interface OldFile {
  /** For messages: a path, or `s3://bucket/key`. */
  readonly address: string;
  readonly bytes: number;
  /** From its start; may be called again. */
  read(): AsyncIterable<Buffer>;
  /** The whole of a small file beside it, whose name has this ending more; `undefined` where there is none. */
  beside(ending: string): Promise<Buffer | undefined>;
}

export interface OldReadOptions {
  /** consulate: whether its values are base64. Nothing in the file tells, so it must be said. */
  readonly base64?: boolean;
  /** consul-backinator. */
  readonly passphrase?: string;
  /** etcd-backup: pass over what stands behind the list, as a longer dump before left it there. Default false. */
  readonly ignoreTrailing?: boolean;
  /** What has expired by then is left out. */
  readonly now: Date;
}

export interface OldBackup {
  readonly format: RowFormat;
  /** In ascending bytewise order of key, no key twice. */
  readonly records: readonly KeyRecord[];
  readonly leftOut: readonly LeftOut[];
}

/** What one row of a file comes to. */
export interface Row {
  /** Absent where it stands for nothing that a store of today has. */
  readonly record?: KeyRecord;
  /** Why something of it does not come back exactly, and the key's name. */
  readonly leftOut?: { readonly reason: string; readonly key: string };
}

/** Reads one parsed row. `text` is its source, for what parsing loses. Throws what `refuse` makes. */
export type RowReader = (row: unknown, text: string, refuse: Refuse) => Row;

/** Makes the error for a row that is not what its format says. `found` continues the sentence "row 3 …". */
export type Refuse = (found: string) => Error;
