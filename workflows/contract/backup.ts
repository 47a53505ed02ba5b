import type { EcsTask } from './ecs.ts';
import type { ErrorCode } from './errors.ts';
import type {
  BackupReason,
  Check,
  ConsulSnapshot,
  Content,
  DataObject,
  KeyspaceHash,
  LeftOut,
  Moment,
  Scope,
  StoreDescription,
  StoreKind,
  StoreSnapshot,
} from './manifest.ts';

/** Input of the workflow `backup`. A schedule gives the job alone. */
export interface BackupInput {
  readonly job: string;
  /** Set by `holdfast backup` and for safety backups; else it comes from the scheduled time. */
  readonly id?: string;
  readonly reason?: BackupReason;
  /** For a safety backup: what is about to be overwritten. Else the scope is the job's. */
  readonly scope?: Scope;
}

/** Result of the workflow `backup`. */
export interface BackupResult {
  readonly job: string;
  readonly id: string;
  readonly content: Content;
  readonly storedBytes: number;
  readonly unchangedSince?: string;
  /** Where the manifest is: `s3://bucket/prefix/job/id/manifest.json`. */
  readonly manifest: string;
  /** Why it may not be what it should be: as in the manifest. */
  readonly suspicions?: readonly string[];
  readonly pruned: readonly string[];
  /** Why old backups could not be removed; the backup itself is good. The next run tries again. */
  readonly pruneFailure?: Failure;
  /** The tasks in ECS that read the store, with the places of their logs. */
  readonly ecs?: readonly EcsTask[];
}

/** A failure as results and reports carry it: a code of the catalogue (`Unexpected` for anything else). */
export interface Failure {
  readonly code: ErrorCode | 'Unexpected';
  readonly message: string;
}

/** What the workflows need to know of a job; never credentials. Result of the activity `describeJob`. */
export interface JobDescription {
  readonly job: string;
  readonly store: StoreKind;
  /** For people: `consul http://127.0.0.1:8500 (all keys) → s3://bucket/prefix`. */
  readonly summary: string;
  readonly scope: Scope;
  /** Milliseconds that a whole run may take. */
  readonly deadline: number;
  /** Milliseconds that a plan waits for its approval. */
  readonly approvalTimeout: number;
  /** Milliseconds that a backup and a restore of one store wait for each other. Absent: a worker before 0.1 said it. */
  readonly turnTimeout?: number;
  /** The restore that writes to the store of this job at this moment: its workflow's id. */
  readonly restoring?: string;
  /** Where the store is read, if not by the workers that serve all jobs. */
  readonly runIn?: CapturePlace;
}

export interface CapturePlace {
  readonly kind: 'ecs';
  /** For people: `holdfast-capture in the cluster platform`. */
  readonly summary: string;
  /** How often another container takes the place of one that died. */
  readonly retries: number;
}

export interface CaptureInput {
  readonly job: string;
  readonly id: string;
  readonly reason: BackupReason;
  readonly scope?: Scope;
}

/** What capture stored (or found unchanged). Verify and publish take it as it is. */
export interface Captured {
  readonly job: string;
  readonly id: string;
  readonly reason: BackupReason;
  readonly store: StoreDescription;
  readonly scope: Scope;
  readonly moment: Moment;
  readonly content: Content;
  readonly objects: readonly DataObject[];
  readonly unchangedSince?: string;
  readonly recipients: readonly string[];
  readonly leftOut: readonly LeftOut[];
  readonly warnings?: readonly string[];
  readonly keyspace?: KeyspaceHash;
  readonly consul?: ConsulSnapshot;
  readonly snapshot?: StoreSnapshot;
  readonly captureMilliseconds?: number;
  readonly capturedAt: string;
}

export interface Verified {
  /** ISO 8601. */
  readonly verifiedAt: string;
  readonly bytesRead: number;
  readonly checks?: readonly Check[];
}

export interface PublishInput {
  readonly captured: Captured;
  readonly verified: Verified;
}

export interface Published {
  readonly manifest: string;
  /** Why it may not be what it should be: as in the manifest. */
  readonly suspicions?: readonly string[];
}

/** Heartbeat details of the data activities, and what progress bars show. */
export interface Progress {
  readonly phase: 'connecting' | 'reading' | 'verifying' | 'planning' | 'writing' | 'proving';
  readonly records: number;
  readonly bytes: number;
  readonly recordsTotal?: number;
  readonly bytesTotal?: number;
}
