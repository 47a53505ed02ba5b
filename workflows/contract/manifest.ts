/** The names of the stores, as in configuration and manifests. */
export type StoreKind = 'consul' | 'etcd' | 'elasticsearch';

/** What of a store: every key that starts with these bytes. The text of the prefix is UTF-8. */
export interface Scope {
  readonly prefix: string;
  /** Of a safety backup of documents: these indices alone, which are about to be changed. */
  readonly indices?: readonly string[];
  /** Of the safety backup of a whole Consul: a snapshot, whatever the backups of the job are. */
  readonly whole?: true;
}

/** The one moment that a backup shows. */
export interface Moment {
  /** Consul: X-Consul-Index of the read. etcd: the revision. Elasticsearch: when the snapshot or the reading began, in milliseconds since 1970. A decimal string. */
  readonly index: string;
  /**
   * `point-in-time`, or why it is less than that: Consul's stale reads; a file of another tool, which does not tell;
   * Elasticsearch, which cuts each shard at a moment of its own, and whose documents are read index by index, each as
   * it was when its turn came.
   */
  readonly consistency: 'point-in-time' | 'stale' | 'unknown' | 'per-shard' | 'per-index';
}

/** The store as it presented itself. Never credentials. */
export interface StoreDescription {
  readonly kind: StoreKind;
  readonly version: string;
  /** The address that answered. */
  readonly address: string;
  /** More, by store: Consul's `datacenter`, etcd's `clusterId`; FORMAT.md names them. */
  readonly details: Readonly<Record<string, string>>;
}

/** One stored object of a backup. */
export interface DataObject {
  /** Relative to the job's folder: `<backup id>/records.ndjson.zst`. The id is an earlier one where nothing has changed since. */
  readonly name: string;
  readonly format: 'records.ndjson' | 'documents.ndjson' | 'indices.ndjson' | 'snapshot.db' | 'consul.snap';
  readonly compression: 'zstd' | 'none';
  readonly encryption: 'age' | 'none';
  /** Bytes and SHA-256 (hex) before compression and encryption. */
  readonly plainBytes: number;
  readonly plainSha256: string;
  /** Bytes and SHA-256 (hex) as stored. */
  readonly storedBytes: number;
  readonly storedSha256: string;
}

/** What a backup holds. */
export interface Content {
  /** Keys; in a snapshot of etcd, those that are live at its revision, as the member counts them; in one of Consul, those of its KV store. Of indices: documents. */
  readonly records: number;
  /** Bytes of keys and values; of a snapshot of etcd or Consul, its plain bytes; of a snapshot of indices, those of their primary shards; of documents, those of their sources. */
  readonly bytes: number;
  /** SHA-256 (hex) of what a restore brings back, in order of key: archive/FORMAT.md, "content digest". Of a snapshot: of its plain bytes. */
  readonly digest: string;
}

/** Where the data are that the store keeps itself: a snapshot in a repository of Elasticsearch or OpenSearch. */
export interface StoreSnapshot {
  readonly repository: string;
  readonly name: string;
  readonly uuid: string;
}

/** What a live member of etcd says of all its keys up to a revision (`Maintenance.HashKV`). */
export interface KeyspaceHash {
  /** Decimal, 32 bits. */
  readonly hash: string;
  /** The revision up to which keys were hashed: the backup's. */
  readonly revision: string;
  /** Hashes are comparable only where keys were compacted up to the same revision; `-1`: never compacted. */
  readonly compactRevision: string;
}

/** What a snapshot of a whole Consul says of itself, and holds. */
export interface ConsulSnapshot {
  /** Of Raft, out of its meta.json: decimal strings. The index is the backup's moment too. */
  readonly index: string;
  readonly term: string;
  /** Of the format of Raft's snapshots. */
  readonly version: string;
  readonly id: string;
  /** How many there are of each kind, by its name: `keys`, `ACL tokens`, `config entries`, `nodes`… */
  readonly counts: Readonly<Record<string, number>>;
}

/** A proof beyond sizes and digests. One that comes out different fails the backup, so it is never in a manifest. */
export interface Check {
  /** `HashKV`, `SHA256SUMS`. */
  readonly name: string;
  readonly outcome: 'equal' | 'not done';
  /** What was compared, or why it could not be. */
  readonly detail: string;
}

/** `import`: made out of a file of another tool. */
export type BackupReason = 'schedule' | 'manual' | 'safety' | 'import';

/** manifest.json: a backup exists only when this does. archive/FORMAT.md specifies it. */
export interface Manifest {
  readonly format: 'holdfast-backup';
  readonly formatVersion: 1;
  readonly job: string;
  readonly id: string;
  readonly reason: BackupReason;
  readonly store: StoreDescription;
  readonly scope: Scope;
  readonly moment: Moment;
  readonly content: Content;
  readonly objects: readonly DataObject[];
  /** The id of the earlier backup whose objects these are; absent where this backup holds its own. */
  readonly unchangedSince?: string;
  /** Age recipients, where encrypted. */
  readonly recipients: readonly string[];
  /** What is in the store and cannot be restored, with the reason: counted and named. */
  readonly leftOut: readonly LeftOut[];
  /** What of the store needs somebody's attention; absent where nothing does. */
  readonly warnings?: readonly string[];
  /** Why this backup may not be what it should be, as sentences' ends; absent where nothing speaks against it. */
  readonly suspicions?: readonly string[];
  /** What `verify` compares an etcd snapshot with. */
  readonly keyspace?: KeyspaceHash;
  /** Of a snapshot of a whole Consul. */
  readonly consul?: ConsulSnapshot;
  readonly snapshot?: StoreSnapshot;
  /** Proofs beyond sizes and digests, done and not done; absent for records, whose digests say it all. */
  readonly checks?: readonly Check[];
  /** Milliseconds that reading and storing took; absent where the data are those of an earlier backup. */
  readonly captureMilliseconds?: number;
  /** ISO 8601, UTC. */
  readonly capturedAt: string;
  readonly verifiedAt: string;
  readonly publishedAt: string;
  readonly madeBy: { readonly version: string; readonly workflowId?: string; readonly runId?: string };
}

export interface LeftOut {
  readonly reason: string;
  readonly count: number;
  /** At most 20 names. */
  readonly examples: readonly string[];
}
