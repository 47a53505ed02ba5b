import type { JobConfig } from '../../config/config.ts';
import type { Storage } from '../../storage/storage.ts';
import type {
  DrillComparison,
  DrillScratch,
  DrillStep,
  DrillStepName,
} from '../../workflows/contract/drill.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import type { Step } from '../step.ts';

/** What every kind of drill works on. */
export interface Drilling {
  readonly step: Step;
  readonly job: JobConfig;
  /** Of the drill. */
  readonly id: string;
  readonly storage: Storage;
  readonly manifest: Manifest;
  readonly notes: DrillNotes;
}

/** Restores a backup of one kind into a scratch place, compares and cleans up. */
export type DrillKind = (drilling: Drilling) => Promise<Drilled>;

export interface Drilled {
  readonly scratch: DrillScratch;
  readonly records: number;
  readonly bytes: number;
}

/** What is written down while a drill goes on. */
export interface DrillNotes {
  /** Does a part of the work and notes how long it took. A part that is done twice adds up. */
  measure<Result>(step: DrillStepName, work: () => Promise<Result>): Promise<Result>;
  /** Notes how an expectation came out. */
  compare(what: string, expected: string, found: string, detail?: string): void;
  notCompared(what: string, why: string): void;
  readonly steps: readonly DrillStep[];
  readonly comparisons: readonly DrillComparison[];
}

export function createNotes(): DrillNotes {
  const steps = new Map<DrillStepName, number>();
  const comparisons: DrillComparison[] = [];
  return {
    async measure(step, work) {
      const started = performance.now();
      try {
        return await work();
      } finally {
        steps.set(step, (steps.get(step) ?? 0) + Math.round(performance.now() - started));
      }
    },
    compare(what, expected, found, detail) {
      const outcome = expected === found ? 'equal' : 'differs';
      comparisons.push({ what, outcome, expected, found, ...(detail !== undefined && { detail }) });
    },
    notCompared: (what, detail) => void comparisons.push({ what, outcome: 'not done', detail }),
    get steps() {
      return Array.from(steps, ([step, milliseconds]) => ({ step, milliseconds }));
    },
    comparisons,
  };
}

/** What of a drill a real restore would take as long for. */
const ofRestore: ReadonlySet<DrillStepName> = new Set(['fetch', 'plan', 'restore', 'prove']);

export function rtoOf(steps: readonly DrillStep[]): number {
  return steps.reduce((sum, { step, milliseconds }) => sum + (ofRestore.has(step) ? milliseconds : 0), 0);
}
