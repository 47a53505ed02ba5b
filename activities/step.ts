import type { Config, JobConfig, TaskConfig } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';

/**
 * What every step is given. Steps know nothing of Temporal: the worker runs them as activities (index.ts), and the
 * command line calls them as they are, on the day when there is no Temporal.
 */
export interface Step<Shown extends Phase = Progress> {
  readonly config: Config;
  /** A step stops soon after this aborts, by throwing. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Shown) => void;
  /** What the attempt before has shown last, where there was one: a step may go on there. */
  readonly before?: Shown;
  readonly log: StepLog;
  /** The run on whose behalf the step works, and which try it is (from 1); absent on the command line. */
  readonly run?: StepRun;
}

/** What a step shows of how far it is: at least in which part of its work. */
export interface Phase {
  readonly phase: string;
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

/** @throws UnknownJob, and BadRequest where it is a task */
export function jobOf(config: Config, name: string): JobConfig {
  const job = config.jobs.get(name);
  if (job !== undefined) return job;
  if (config.tasks.has(name)) {
    throw new HoldfastError(
      'BadRequest',
      `"${name}" is a task, which has no backups. Run it with \`holdfast run ${name}\`; \`holdfast status ${name}\` shows its runs.`,
    );
  }
  throw unknownJob(config, name);
}

/** @throws UnknownJob, and BadRequest where its job is a backup */
export function taskOf(config: Config, name: string): TaskConfig {
  const task = config.tasks.get(name);
  if (task !== undefined) return task;
  if (config.jobs.has(name)) {
    throw new HoldfastError(
      'BadRequest',
      `"${name}" is a backup, not a task. Make one with \`holdfast backup ${name}\`.`,
    );
  }
  throw unknownJob(config, name);
}

function unknownJob({ file, jobs, tasks }: Config, name: string): HoldfastError {
  const names = [...jobs.keys(), ...tasks.keys()].sort();
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return new HoldfastError(
    'UnknownJob',
    `There is no job "${name}" in ${file}.${hint} Its jobs: ${names.join(', ') || 'none'}.`,
  );
}
