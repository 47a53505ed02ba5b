import type { Failure } from './backup.ts';
import type { StoreKind } from './manifest.ts';

/** Input of the workflow `drill`. A schedule gives the job alone. */
export interface DrillInput {
  readonly job: string;
  /** Set by `holdfast drill`; else it comes from the scheduled time. In the form of a backup's id: `20261122T041500Z`. */
  readonly id?: string;
  /** `latest`, `random`, a backup id, or `before:<ISO time>`. Default: what the job says. */
  readonly backup?: string;
}

/** Where a drill restores to. Nothing of it is left when the drill has ended. */
export type DrillScratch =
  /** A server of its own on the worker's machine, that lives as long as the drill. */
  | { readonly kind: 'throwaway'; readonly program: string; readonly version: string }
  /** A prefix of its own in the store of a job. */
  | { readonly kind: 'prefix'; readonly job: string; readonly address: string; readonly prefix: string }
  /** Indices with names of their own in the cluster of a job. */
  | { readonly kind: 'indices'; readonly job: string; readonly address: string; readonly prefix: string };

export type DrillStepName = 'choose' | 'start' | 'fetch' | 'plan' | 'restore' | 'prove' | 'clean';

export interface DrillStep {
  readonly step: DrillStepName;
  readonly milliseconds: number;
}

/** What was set against each other: in a restored store, and in the backup. */
export interface DrillComparison {
  /** `keys`, `bytes`, `content digest`, `HashKV`, `indices`, `documents`, `sampled documents`. */
  readonly what: string;
  readonly outcome: 'equal' | 'differs' | 'not done';
  /** As the manifest says it, or was said when the backup was taken; a count in decimal digits, or a digest. */
  readonly expected?: string;
  /** As it was found in the restored store. */
  readonly found?: string;
  /** Why it was not done, or what differs. */
  readonly detail?: string;
}

/**
 * Result of the workflow `drill`, and the evidence beside the manifest. A drill that fails ends its run as Failed, and
 * the details of its failure hold the same (`drillResultIn`), as far as it is known.
 */
export interface DrillResult {
  readonly job: string;
  readonly id: string;
  readonly reason: 'schedule' | 'manual';
  readonly outcome: 'proven' | 'failed';
  readonly store: StoreKind;
  /** Which backup was asked for: `latest`, `random`, an id, `before:…`. */
  readonly asked: string;
  /** The backup that was restored; absent where none was found. */
  readonly backup?: string;
  /** When that backup was captured. */
  readonly capturedAt?: string;
  readonly scratch?: DrillScratch;
  /** What was restored: keys or documents, and their bytes. */
  readonly records?: number;
  readonly bytes?: number;
  readonly comparisons: readonly DrillComparison[];
  readonly steps: readonly DrillStep[];
  /** From the first byte that was fetched to the proof: all steps but choosing, starting a server to write to, and cleaning. */
  readonly rtoMilliseconds?: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Where the outcome is `failed`. */
  readonly failure?: Failure;
  /** What could not be removed of the scratch place; the next drill of the job does. */
  readonly leftBehind?: Failure;
  /** Address of the evidence: `s3://bucket/prefix/job/<backup id>/drills/<drill id>.json`. */
  readonly evidence?: string;
}

export interface ChooseBackupInput {
  readonly job: string;
  /** Of the drill: the same one always draws the same backup out of the same ones. */
  readonly id: string;
  readonly backup?: string;
}

export type ChosenBackup = Required<Pick<DrillResult, 'asked' | 'backup' | 'capturedAt'>>;

export interface DrillBackupInput {
  readonly job: string;
  readonly id: string;
  readonly backup: string;
}

/** What came of one backup. */
export type DrillFindings = Pick<
  DrillResult,
  'scratch' | 'records' | 'bytes' | 'comparisons' | 'steps' | 'rtoMilliseconds'
>;

/** The result that the details of a failure carry; absent where the run was ended from outside. */
export function drillResultIn(details: readonly unknown[] | null | undefined): DrillResult | undefined {
  const [first] = details ?? [];
  return isDrillResult(first) ? first : undefined;
}

function isDrillResult(details: unknown): details is DrillResult {
  return typeof details === 'object' && details !== null && 'comparisons' in details && 'asked' in details;
}
