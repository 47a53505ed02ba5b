import type { Failure } from './backup.ts';
import type { Scope } from './manifest.ts';

/**
 * `missing-only` adds keys that are not there, `overwrite` also changes those that differ,
 * `mirror` also removes what the backup does not have.
 */
export type RestoreMode = 'missing-only' | 'overwrite' | 'mirror';

/** Argument of the signal `requestRestore`. Everything but `backup` has a default, so that a person can type it. */
export interface RestoreRequest {
  /** `latest`, a backup id, or `before:<ISO time>`: the last backup at or before it. Default `latest`. */
  readonly backup?: string;
  /** Only the keys under this prefix. Default: all of the backup. */
  readonly prefix?: string;
  /** Write the keys under this prefix instead of `prefix` (or of the job's own). Default: in place. */
  readonly toPrefix?: string;
  /** Write into the store of this job instead of the job's own. */
  readonly toJob?: string;
  /** Default `missing-only`. */
  readonly mode?: RestoreMode;
  /** A snapshot of Consul: replace everything with it, not only keys. Default false. */
  readonly whole?: boolean;
  /** Elasticsearch: names of indices and data streams, with `*`, separated by commas; `-` before one leaves it out. Default: all. */
  readonly indices?: string;
  /** Elasticsearch: the name that each index gets, where `$1` stands for its own. Default `restored-$1`. */
  readonly rename?: string;
  /** Elasticsearch: replace the indices of the same names instead, by writing over the closed ones or after deleting them. */
  readonly inPlace?: 'close' | 'delete';
  /** Elasticsearch: settings that the restored indices get, such as `index.number_of_replicas`. */
  readonly indexSettings?: Readonly<Record<string, string | number | boolean>>;
  /** Elasticsearch: leave lifecycle policies on, which may delete the restored indices at once for their age. Default false. */
  readonly keepLifecycle?: boolean;
  /** Elasticsearch: at the end, let the aliases point to what was restored under new names. Default false. */
  readonly swapAliases?: boolean;
  /** Go on without waiting for `approve`. Default false. */
  readonly approved?: boolean;
  /** Take no safety backup before the change. Default false. */
  readonly noSafetyBackup?: boolean;
  /** Plan and report, change nothing. Default false. */
  readonly dryRun?: boolean;
  /** Tells one request from another; a repeated id is one request. Default: made by the workflow. */
  readonly requestId?: string;
}

/** What is to be restored of a backup of indices, and how. */
export interface IndexWish {
  /** Names of indices and data streams of the backup, with `*`; `-` before one leaves it out. */
  readonly indices: readonly string[];
  /**
   * `rename` makes new indices. `close` and `delete` replace those of the same name, by writing over the closed index or
   * after deleting it. `load` writes documents into those that are there, and makes the others.
   */
  readonly into:
    | { readonly how: 'rename'; readonly pattern: string; readonly replacement: string }
    | { readonly how: 'close' | 'delete' }
    | {
        readonly how: 'load';
        readonly mode: Exclude<RestoreMode, 'mirror'>;
        readonly pattern: string;
        readonly replacement: string;
      };
  /** Settings that the restored indices get instead of their own, such as `index.number_of_replicas`. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** False: no lifecycle policy is on the restored indices, which would delete them at once for their age. */
  readonly keepLifecycle: boolean;
  readonly swapAliases: boolean;
}

/** Input of the workflow `restore`. What stands besides the job is carried from one run to the next. */
export interface RestoreInput {
  readonly job: string;
  /** Requests that came while another one was at work. */
  readonly pending?: readonly RestoreRequest[];
  readonly last?: RestoreReport;
}

export interface PlanRestoreInput {
  readonly job: string;
  readonly restoreId: string;
  readonly request: RestoreRequest;
}

/** What a restore would change. Every key stands in the stored plan; here are counts and examples. */
export interface Plan {
  readonly restoreId: string;
  readonly job: string;
  readonly toJob: string;
  readonly backup: string;
  readonly mode: RestoreMode;
  /** Keys of the backup taken. */
  readonly from: Scope;
  /** Where they are written, and what `mirror` may remove from. */
  readonly to: Scope;
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  readonly equal: number;
  /** In the store and not in the backup, left alone by this mode; or differing, with `missing-only`. */
  readonly keep: number;
  /** Cannot be written: locked by a session, too large, a name the server refuses. Counted and named. */
  readonly refused: number;
  /** Of the keys to add and to change, and of the refused. */
  readonly bound?: Bound;
  /** Where indices are restored: then `add` and `change` count them. */
  readonly indices?: IndexWish;
  /** Where indices are restored document by document: what becomes of the documents. */
  readonly documents?: DocumentCounts;
  /** Where all of Consul is replaced: then `add`, `change` and `remove` count keys and things. */
  readonly whole?: WholePlan;
  /** It only makes new things beside what is there, so no safety backup is taken. */
  readonly harmless?: boolean;
  /** The first few of each kind, in the order of the keys. */
  readonly examples: readonly PlanLine[];
  /** The store's index at the moment of the plan. */
  readonly storeIndex: string;
  /** SHA-256 (hex) of the stored plan's lines; `approve` names it. The first 12 digits are enough for people. */
  readonly digest: string;
  /** The stored plan, relative to the job's folder: `restores/<restore id>/plan.ndjson.zst`. */
  readonly object: string;
}

/** How many there are of a kind of things in Consul. */
export interface WholeCount {
  /** In the plural: `keys`, `ACL tokens`, `nodes`. */
  readonly kind: string;
  readonly live: number;
  readonly backup: number;
}

export interface WholePlan {
  readonly counts: readonly WholeCount[];
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** Documents of the indices that are made, and of those that are there. */
export interface DocumentCounts {
  /** All of the indices that are made, and what is missing in the others. */
  readonly add: number;
  readonly change: number;
  readonly equal: number;
  /** They differ, and are left alone by this mode. */
  readonly keep: number;
}

/**
 * Keys that were bound to something alive when they were backed up, which cannot be restored: etcd's leases, the
 * sessions that lock a key of Consul. Counted by what becomes of the keys; absent where there are none.
 */
export interface Bound {
  readonly to: 'lease' | 'session';
  /** Written without it, to stay. */
  readonly dropped: number;
  /** Written, and bound to a new one. */
  readonly renewed: number;
  /** Not written. */
  readonly refused: number;
  /** New leases that were granted for them. After a crash: by the last attempt. */
  readonly granted?: number;
}

/** One line of the stored plan. */
export interface PlanLine {
  readonly op: 'add' | 'change' | 'remove' | 'refuse';
  /** Of a whole Consul: what it is, where it is no key: `ACL tokens`. Then `key` is its name. */
  readonly kind?: string;
  /** The key where it is written; text where it is UTF-8, else base64 in `keyBase64`. */
  readonly key?: string;
  readonly keyBase64?: string;
  /** Of an index: its name in the backup. */
  readonly from?: string;
  /** Of a backing index: the data stream of the backup with which it is restored. */
  readonly stream?: string;
  /** Of a document: the index into which it is written; `key` is its id. */
  readonly index?: string;
  readonly routing?: string;
  /**
   * The index of the live key that the plan saw, the uuid of the live index, or of the live document
   * `<sequence number>.<primary term>`; `0` where there was none. The write is guarded by it.
   */
  readonly seen: string;
  /** Why it is refused, or what else is to be known of it. */
  readonly reason?: string;
}

/** Argument of the update and the signal `approve`. */
export interface Approval {
  /** At least the first 12 hex digits of the plan's digest. */
  readonly digest: string;
  readonly by?: string;
}

/** Argument of the update and the signal `decline`. */
export interface Refusal {
  readonly by?: string;
  readonly reason?: string;
}

/** Answer of the updates `approve` and `decline`: which restore, and where to follow it. */
export interface Decided {
  readonly restoreId: string;
  readonly requestId: string;
  readonly runId: string;
}

export interface ApplyInput {
  readonly plan: Plan;
}

export interface Applied {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Found as wanted already: an earlier attempt wrote them. */
  readonly already: number;
  /** Changed by others since the plan, left as they are. */
  readonly conflicts: number;
  readonly refused: number;
  /** Where indices are restored document by document: how many were written; `already` counts those found so. */
  readonly documents?: number;
  /** Settings of indices that the cluster does not know, and that were left out; at most 20. */
  readonly droppedSettings?: readonly string[];
  /** Of the keys written, found as wanted, and refused. */
  readonly bound?: Bound;
  /** At most 20 keys with reasons. */
  readonly examples: readonly { readonly key: string; readonly reason: string }[];
}

export interface Proof {
  /** Keys, or indices. */
  readonly compared: number;
  readonly differing: number;
  /** At most 20 keys. */
  readonly examples: readonly string[];
  /** Of indices: what was counted and compared in them, and how many could not be counted exactly. */
  readonly documents?: number;
  readonly samples?: number;
  readonly notCounted?: number;
  /** Aliases that now point to what was restored. */
  readonly aliases?: readonly string[];
  /** Of a whole Consul: how many there are now, and were in the backup. */
  readonly whole?: readonly WholeCount[];
  readonly storeIndex: string;
  /** ISO 8601. */
  readonly provenAt: string;
}

export interface RestoreReport {
  readonly restoreId: string;
  readonly requestId: string;
  readonly outcome: 'restored' | 'nothing-to-do' | 'dry-run' | 'declined' | 'expired' | 'failed';
  /** The id that the request came to; as requested where no plan was made. */
  readonly backup: string;
  /** Where the outcome is `failed`. */
  readonly failure?: Failure;
  /** Who approved or declined, where they said so; and the reason they gave. */
  readonly decidedBy?: string;
  readonly reason?: string;
  readonly plan?: Plan;
  readonly safetyBackup?: string;
  readonly applied?: Applied;
  readonly proof?: Proof;
  readonly finishedAt: string;
}

export type RestorePhase =
  | 'standing by'
  | 'planning'
  | 'waiting for approval'
  | 'waiting for backups'
  | 'safety backup'
  | 'applying'
  | 'proving';

/** Answer of the query `status`. */
export interface RestoreStatus {
  readonly phase: RestorePhase;
  readonly request?: RestoreRequest;
  readonly restoreId?: string;
  readonly plan?: Plan;
  readonly pending: number;
  readonly last?: RestoreReport;
}
