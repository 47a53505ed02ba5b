import type { Failure } from './backup.ts';
import type { EcsTask } from './ecs.ts';

/** What a task is: a command that a worker runs, or tasks in Amazon's ECS. */
export type TaskKind = 'command' | 'ecs';

/** Input of the workflow `task`. A schedule gives the job alone; what is done stands in the workers' configuration. */
export interface TaskInput {
  readonly job: string;
  /** Set by `holdfast run`; else it comes from the scheduled time. In the form of a backup's id: `20261122T041500Z`. */
  readonly id?: string;
}

/** What the workflow needs to know of a task; never credentials. Result of the activity `describeTask`. */
export interface TaskDescription {
  readonly job: string;
  readonly kind: TaskKind;
  /** For people, without environment: `command /usr/local/bin/rotate --all as backup`. */
  readonly summary: string;
  /** Milliseconds that a whole run may take, all attempts included. */
  readonly deadline: number;
  /** Milliseconds that a task which was told to stop may still take. */
  readonly grace: number;
  /** How often a task that failed is run again. */
  readonly retries: number;
}

/** Input of the activities that do a task once. */
export interface RunTaskInput {
  readonly job: string;
  readonly id: string;
  /** Milliseconds from its start. */
  readonly timeLimit: number;
  /** From 1. */
  readonly attempt: number;
}

/** The last part of what was written: at most `tailBytes` (tasks/tail.ts). It enters the history. */
export interface OutputTail {
  readonly text: string;
  /** Of the whole. */
  readonly bytes: number;
  /** True where `text` is not the whole. */
  readonly cut: boolean;
}

export interface TaskOutput {
  readonly stdout: OutputTail;
  readonly stderr: OutputTail;
}

/** Addresses of the objects that hold the whole output: `s3://bucket/prefix/job/id/stdout.log`. */
export interface KeptOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Why an object is not there, or not whole; the task is judged by its command alone. */
  readonly failure?: Failure;
}

/**
 * Result of the workflow `task`. A run that ends badly fails instead, and the details of its failure hold the same
 * (`taskResultIn`), as far as it is known.
 */
export interface TaskResult extends TaskOutput {
  readonly job: string;
  readonly id: string;
  readonly kind: TaskKind;
  /** Absent where it was ended by a signal, never began, or is not known. */
  readonly exitStatus?: number;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal?: string;
  readonly pid?: number;
  /** The machine it ran on. */
  readonly host?: string;
  /** Where the whole output is, where the job has an `output`. */
  readonly kept?: KeptOutput;
  /** The tasks in ECS, with the places of their logs: what they write is there, and not in `stdout`. */
  readonly ecs?: readonly EcsTask[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** From 1; more than 1 where it was run again. */
  readonly attempt: number;
}

/** Heartbeat details of an activity that does a task. */
export interface TaskProgress extends TaskOutput {
  readonly phase: 'running' | 'stopping';
  readonly pid?: number;
  readonly host?: string;
  readonly ecs?: readonly EcsTask[];
  /** ISO 8601. */
  readonly startedAt: string;
}

export function isTaskProgress(details: unknown): details is TaskProgress {
  return hasOutput(details) && 'phase' in details;
}

/** The result that the details of a failure carry; absent where the task never began. */
export function taskResultIn(details: readonly unknown[] | null | undefined): TaskResult | undefined {
  const [first] = details ?? [];
  return isTaskResult(first) ? first : undefined;
}

function isTaskResult(details: unknown): details is TaskResult {
  return hasOutput(details) && 'endedAt' in details;
}

function hasOutput(details: unknown): details is object {
  return typeof details === 'object' && details !== null && 'stdout' in details && 'startedAt' in details;
}
