import type { IndexFacts } from '../workflows/contract/index-facts.ts';
import type { LeftOut, StoreDescription } from '../workflows/contract/manifest.ts';
import type { IndexWish } from '../workflows/contract/restore.ts';

/**
 * A store that keeps its backups itself, in a repository of its own, and is only asked to: Elasticsearch, OpenSearch.
 *
 * Every method throws a `HoldfastError` naming the address, and stops soon after `signal` aborts, by throwing its
 * reason. A snapshot that is being taken goes on then, so that the next attempt finds it; `remove` ends it.
 */
export interface RepositoryStore {
  readonly kind: 'elasticsearch';

  /** Reaches the cluster and says who answered. `details`: `product`, `cluster`, `clusterUuid`. */
  describe(signal: AbortSignal): Promise<StoreDescription>;

  /**
   * Makes the repository where it is missing, compares it where it is there, and has every node write to it.
   *
   * @throws RepositoryUnusable with the difference, or the reason of the nodes
   */
  prepare(signal: AbortSignal): Promise<void>;

  /**
   * Takes the snapshot of the backup with this id, or finds the one that an earlier attempt began, and waits for it.
   * Its name comes from the job and the id.
   *
   * @throws SnapshotIncomplete where a shard failed or a wanted index is missing; BackupExists where the name is
   *   somebody else's; StoreEmpty where there is no index and `mayBeEmpty` is false
   */
  take(id: string, options: TakeOptions): Promise<Taken>;

  /** What the repository says now of the snapshot of that name, or `undefined` where it has none. */
  find(name: string, signal: AbortSignal): Promise<Snapshot | undefined>;

  /** The name that the snapshot of the backup with this id has. Asks no server. */
  nameOf(id: string): string;

  /** The snapshots that Holdfast took for this job, finished or not. */
  listOwn(signal: AbortSignal): Promise<readonly Snapshot[]>;

  /**
   * Deletes a snapshot that Holdfast took for this job, ending it where it is still being taken. False where there is
   * none.
   *
   * @throws StoreRefused where the snapshot of that name is somebody else's
   */
  remove(name: string, signal: AbortSignal): Promise<boolean>;

  /** Removes from the repository what belongs to no snapshot. */
  cleanUp(signal: AbortSignal): Promise<{ readonly blobs: number; readonly bytes: number }>;

  /** What a restore would make and replace, index by index. Changes nothing. */
  planRestore(
    facts: readonly IndexFacts[],
    wish: IndexWish,
    signal: AbortSignal,
  ): Promise<readonly IndexPlan[]>;

  /**
   * Carries the plan out and waits until every primary shard is there. May be repeated: what an earlier attempt has
   * restored is found again.
   *
   * @throws RestoreConflict where an index is no longer the one that the plan saw; RestoreUnproven where a shard
   *   cannot be restored
   */
  applyRestore(
    snapshot: string,
    plan: readonly IndexPlan[],
    wish: IndexWish,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: RestoreProgress) => void },
  ): Promise<void>;

  /** Compares what was restored with what was counted and sampled when the snapshot was taken. */
  proveRestore(
    facts: readonly IndexFacts[],
    plan: readonly IndexPlan[],
    options: { readonly signal: AbortSignal; readonly onIndex: (indices: number) => void },
  ): Promise<IndexProof>;

  /** Lets the aliases that the indices had point to what was restored, all in one step. Gives their names. */
  swapAliases(
    facts: readonly IndexFacts[],
    plan: readonly IndexPlan[],
    signal: AbortSignal,
  ): Promise<readonly string[]>;

  /** Frees sockets. */
  close(): void;
}

export interface TakeOptions {
  readonly signal: AbortSignal;
  readonly mayBeEmpty: boolean;
  readonly onProgress: (progress: SnapshotProgress) => void;
}

export interface SnapshotProgress {
  readonly shards: number;
  readonly shardsTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface Taken {
  readonly snapshot: Snapshot;
  /** One for each index of the snapshot that is a backup, in the order of their names. */
  readonly facts: readonly IndexFacts[];
  /** Indices whose data is elsewhere: the snapshot holds a pointer only. */
  readonly leftOut: readonly LeftOut[];
}

export interface Snapshot {
  readonly name: string;
  readonly uuid: string;
  readonly state: 'IN_PROGRESS' | 'SUCCESS' | 'PARTIAL' | 'FAILED' | 'INCOMPATIBLE';
  /** Whose it is; absent where Holdfast did not take it. */
  readonly owner?: { readonly job: string; readonly id: string };
  readonly indices: readonly string[];
  readonly dataStreams: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly shards: { readonly total: number; readonly failed: number };
  /** Shards that failed, with the server's reason. */
  readonly failures: readonly string[];
}

/** One line of the plan. */
export interface IndexPlan {
  /** `remove`: a backing index that the snapshot does not hold, of a data stream that is replaced. */
  readonly op: 'add' | 'change' | 'remove' | 'refuse';
  /** Its name in the snapshot, and the one it gets. */
  readonly index: string;
  readonly target: string;
  /** The data stream of the snapshot with which it is restored; a stream comes as a whole. */
  readonly stream?: string;
  /** The uuid of the index that is replaced; `0` where there is none. */
  readonly seen: string;
  /** Why it is refused, or what else is to be known of it. */
  readonly reason?: string;
}

export interface RestoreProgress {
  readonly shards: number;
  readonly shardsTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface IndexProof {
  readonly indices: number;
  readonly documents: number;
  readonly samples: number;
  /** Each index that differs, with what differs; at most 20 are told. */
  readonly differing: number;
  readonly examples: readonly string[];
  /** Indices that were written while the snapshot was taken: their documents could not be counted exactly. */
  readonly notCounted: number;
}
