import type { Config, JobConfig } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';

/**
 * What every step is given. Steps know nothing of Temporal: the worker runs them as activities (index.ts), and the
 * command line calls them as they are, on the day when there is no Temporal.
 */
export interface Step {
  readonly config: Config;
  /** A step stops soon after this aborts, by throwing. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly log: StepLog;
  /** The run on whose behalf the step works, and which try it is (from 1); absent on the command line. */
  readonly run?: StepRun;
}

export interface StepRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly attempt: number;
}

export interface StepLog {
  info(message: string, attributes?: Record<string, unknown>): void;
  warn(message: string, attributes?: Record<string, unknown>): void;
}

/** @throws UnknownJob */
export function jobOf(config: Config, name: string): JobConfig {
  const job = config.jobs.get(name);
  if (job !== undefined) return job;
  const known = [...config.jobs.keys()].sort().join(', ') || 'none';
  const meant = nearest(name, config.jobs.keys());
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  throw new HoldfastError(
    'UnknownJob',
    `There is no job "${name}" in ${config.file}.${hint} Its jobs: ${known}.`,
  );
}
