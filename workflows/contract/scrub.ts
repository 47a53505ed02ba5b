import type { Failure, Progress } from './backup.ts';
import type { StoreKind } from './manifest.ts';

/** Which part of all stored backups: the `number`-th of `of`, from 1. Each object is in one of them, always the same. */
export interface Slice {
  readonly number: number;
  readonly of: number;
}

/** Input of the workflow `verify`. A schedule gives the job alone. */
export interface ScrubInput {
  readonly job: string;
  /** In the form of a backup's id: `20261122T041500Z`. Absent: from the scheduled time. */
  readonly id?: string;
  /** Absent: of the slices that the job has set, the one that was not read for the longest time. */
  readonly slice?: Slice;
}

/** `unlisted`: it is there, and no manifest names it. */
export type StoredFindingKind = 'missing' | 'truncated' | 'flipped' | 'unlisted';

/** Something that is stored otherwise than it was written. */
export interface StoredFinding {
  readonly kind: StoredFindingKind;
  /**
   * The backup that cannot be relied on: the object is its own, or that of an earlier backup whose data it refers to.
   * Of `unlisted`: the backup in whose folder the object is.
   */
  readonly backup: string;
  /** Relative to the job's folder, as in manifests: `20261122T041500Z/records.ndjson.zst`; or `snapshot <name>`. */
  readonly object: string;
  /** What was written and what was read, for people. */
  readonly detail: string;
}

/** Whether a finding means that its backup cannot be relied on. */
export function isDamage({ kind }: StoredFinding): boolean {
  return kind !== 'unlisted';
}

/**
 * Result of the workflow `verify`. One that finds damage ends its run as Failed, and the details of its failure hold
 * the same (`scrubResultIn`).
 */
export interface ScrubResult {
  readonly job: string;
  readonly id: string;
  readonly reason: 'schedule' | 'manual';
  readonly outcome: 'whole' | 'damaged' | 'failed';
  readonly store?: StoreKind;
  readonly slice?: Slice;
  /** All of the job: their manifests were read, and their objects are there in their size. */
  readonly backups?: number;
  /** Objects of which every byte was read back, and those bytes. */
  readonly objectsRead?: number;
  readonly bytesRead?: number;
  /** How many backups cannot be relied on; all of them are marked so. */
  readonly damaged?: number;
  /** The first of what was found; the marks of the backups hold all of it. */
  readonly findings: readonly StoredFinding[];
  readonly findingsInAll: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Where the outcome is not `whole`. */
  readonly failure?: Failure;
}

/** What the workflow has to know of a job. Result of the activity `describeScrub`. */
export interface ScrubDescription {
  readonly store: StoreKind;
  /** For people: the address of the storage. */
  readonly summary: string;
  readonly slice: Slice;
  /** Milliseconds that a whole run may take. */
  readonly deadline: number;
}

/** Result of the activity `scrub`. */
export type Scrubbed = Required<
  Pick<
    ScrubResult,
    'slice' | 'backups' | 'objectsRead' | 'bytesRead' | 'damaged' | 'findings' | 'findingsInAll'
  >
>;

/** Heartbeat details of the activity `scrub`. */
export interface ScrubProgress extends Progress {
  readonly reached?: ScrubReached;
}

/** How far it has come: a next attempt goes on there. */
export interface ScrubReached {
  /** The id of the backup whose data were read last; they are read in the order of their ids. */
  readonly after: string;
  readonly objects: number;
  readonly bytes: number;
}

/** The result that the details of a failure carry; absent where the run was ended from outside. */
export function scrubResultIn(details: readonly unknown[] | null | undefined): ScrubResult | undefined {
  const [first] = details ?? [];
  return isScrubResult(first) ? first : undefined;
}

function isScrubResult(details: unknown): details is ScrubResult {
  return (
    typeof details === 'object' && details !== null && 'findingsInAll' in details && 'outcome' in details
  );
}
