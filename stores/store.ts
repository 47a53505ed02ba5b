import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import type {
  ConsulSnapshot,
  KeyspaceHash,
  LeftOut,
  Moment,
  Scope,
  StoreDescription,
  StoreKind,
} from '../workflows/contract/manifest.ts';
import type { Bound } from '../workflows/contract/restore.ts';

/**
 * A store of keys: Consul's KV, etcd's keys.
 *
 * Every method throws a `HoldfastError` naming the address; whether it is retryable stands in the catalogue.
 * Every method stops soon after `signal` aborts, by throwing the signal's reason. test/stores/conformance.ts
 * holds every implementation to these words.
 */
export interface KeyStore {
  readonly kind: StoreKind;

  /** Reaches the store and says who answered. Fails where there is no leader. */
  describe(signal: AbortSignal): Promise<StoreDescription>;

  /**
   * Every key of the scope at one moment, exactly, in ascending bytewise order, no key twice.
   * An empty scope gives no batches; the caller decides whether that is allowed. Memory does not grow with the
   * store. A read that ends before its end throws; it never ends quietly.
   *
   * @throws ReadFiltered, UnreadableKeys, StoreRefused, StoreUnavailable, StoreUnreachable, StreamBroken
   */
  read(scope: Scope, signal: AbortSignal): Promise<Reading>;

  /** True only where it is certain that the scope is as it was at that moment, with that many records. Cheap. */
  unchangedSince(moment: Moment, records: number, scope: Scope, signal: AbortSignal): Promise<boolean>;

  /** Why this record cannot be written to this store (a limit, a refused name), or `undefined`. Asks no server. */
  refusal(record: KeyRecord): string | undefined;

  /**
   * What the key was bound to when it was read, and what a restore makes of that, since the thing itself cannot be
   * restored; `undefined` where it was bound to nothing. Asks no server.
   */
  binding(record: KeyRecord): Binding | undefined;

  /**
   * Carries out guarded writes, several at once, and tells of every one what became of it. Order is free.
   * A write whose guard no longer holds is not done: it is `already` where the key is as wanted, else a `conflict`.
   * So the same writes may be sent again after a crash.
   */
  write(writes: AsyncIterable<readonly Write[]>, options: WriteOptions): Promise<void>;

  /** Frees sockets. */
  close(): Promise<void>;
}

/**
 * A store that gives itself whole, as one file that its own tools restore: the snapshots of etcd and of Consul. Errors
 * and signals are as those of a `KeyStore`.
 */
export interface SnapshotStore {
  readonly kind: StoreKind;
  /** Of the file. */
  readonly format: 'snapshot.db' | 'consul.snap';

  /** Reaches the store and says which member answered. Fails where there is no leader. */
  describe(signal: AbortSignal): Promise<StoreDescription>;

  /**
   * The whole store, as it was at one moment not before this call.
   *
   * @throws StoreRefused, StoreUnavailable, StoreUnreachable, StreamBroken
   */
  snapshot(signal: AbortSignal): Promise<SnapshotReading>;

  /** True only where it is certain that nothing at all was written between two descriptions. Asks no server. */
  isUnchanged(before: StoreDescription, now: StoreDescription): boolean;

  /** Frees sockets. */
  close(): Promise<void>;
}

/** A snapshot that somebody has kept as a file, by the store's own tools. */
export interface KeptFile {
  /** For messages: a path, or `s3://bucket/key`. */
  readonly address: string;
  readonly bytes: number;
  /** From its start. */
  read(): AsyncIterable<Buffer>;
}

/** Such a file, which gives its snapshot as a living store does. @throws FileRefused where it is not whole */
export type KeptSnapshot = Pick<SnapshotStore, 'format' | 'snapshot' | 'close'>;

/** The keys of a snapshot, read as those of a living store. */
export type FileKeys = Pick<KeyStore, 'read' | 'close'>;

export interface SnapshotReading {
  /** The member that gives the file, as it was just before. */
  readonly store: StoreDescription;
  /**
   * The file. It ends only when it is whole by every check that the store offers; else it throws. A piece may be read
   * until the next one is asked for: then its memory is used again.
   */
  readonly bytes: AsyncIterable<Buffer>;
  /** Of all bytes, once somebody has said it. */
  readonly bytesTotal: () => number | undefined;
  /** Of all bytes, in hex, once they have ended: who checks a file may have hashed it, and once is enough. */
  readonly sha256?: () => string;
  /** Valid once `bytes` has ended. */
  readonly facts: () => SnapshotFacts;
}

export interface SnapshotFacts {
  /** The file's own, not that of some answer before or after it. */
  readonly moment: Moment;
  /** Keys that are live at that moment. */
  readonly records: number;
  readonly keyspace?: KeyspaceHash;
  readonly consul?: ConsulSnapshot;
  readonly warnings: readonly string[];
}

export interface Reading {
  readonly moment: Moment;
  /** A batch may be read until the next one is asked for: then its memory may be freed, and keys and values are empty. */
  readonly records: RecordBatches;
  /** Complete once `records` has ended. */
  readonly leftOut: () => readonly LeftOut[];
}

/** One guarded write. `seen` is the live key's index that the plan saw; `0` where the key must not exist. */
export type Write =
  | { readonly op: 'set'; readonly record: KeyRecord; readonly seen: string }
  | { readonly op: 'delete'; readonly key: Buffer; readonly seen: string };

/** Something alive that a key belonged to: etcd's lease, the session of Consul that locked it. */
export interface Binding {
  readonly to: Bound['to'];
  /** `dropped`: the key is written without it. `renewed`: with a new one. `refused`: not at all, by the settings. */
  readonly fate: 'dropped' | 'renewed' | 'refused';
}

export type Outcome = 'done' | 'already' | 'conflict' | 'refused';

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** Called once for every write. */
  readonly onOutcome: (write: Write, outcome: Outcome, reason?: string) => void;
  /** Called for everything new that bindings were renewed with: each new lease. */
  readonly onGranted?: () => void;
}

/** The index of a live record that guards its overwriting: Consul's ModifyIndex, etcd's mod_revision. */
export function seenIndex(record: KeyRecord): string {
  return record.meta.modifyIndex ?? record.meta.modRevision ?? '0';
}
