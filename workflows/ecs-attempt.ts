import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
} from '@temporalio/workflow';
import { ecs } from './activities.ts';
import type { Failure } from './contract/backup.ts';
import type { EcsInput, EcsStarted } from './contract/ecs.ts';
import { type TaskResult, taskResultIn } from './contract/task.ts';
import { startDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';

/** Well within the hour for which ECS still lists a task that has stopped: so no second one is ever started. */
const startLimit = 30 * 60_000;

/**
 * Has ECS do a task once: starts it, waits until it has stopped. Whatever ends this early (a cancellation, the time
 * limit), no task goes on behind it.
 */
export async function attemptInEcs(input: EcsInput, summary: string, timeLimit: number): Promise<TaskResult> {
  const left = startDeadline(timeLimit);
  let started: EcsStarted | undefined;
  try {
    started = await ecs.startEcs.executeWithOptions(
      { summary: `start ${summary}`, scheduleToCloseTimeout: Math.min(left(), startLimit) },
      [input],
    );
    return await ecs.watchEcs.executeWithOptions(
      { summary: 'wait until it has stopped', scheduleToCloseTimeout: left() },
      [{ ...input, started }],
    );
  } catch (error) {
    if (nothingRuns(error, started)) throw error;
    return await CancellationScope.nonCancellable(() => stopAndThrow(input, started, error));
  }
}

/** A start that was refused has left nothing; a watch that saw all tasks stop neither. */
function nothingRuns(error: unknown, started: EcsStarted | undefined): boolean {
  if (!(error instanceof ActivityFailure) || error.retryState !== 'NON_RETRYABLE_FAILURE') return false;
  if (started === undefined) return true;
  const result = error.cause instanceof ApplicationFailure ? taskResultIn(error.cause.details) : undefined;
  const tasks = result?.ecs ?? [];
  return tasks.length === started.tasks.length && tasks.every(({ lastStatus }) => lastStatus === 'STOPPED');
}

/** The failure, with what the tasks came to; or where they could not be stopped, with that. */
async function stopAndThrow(
  input: EcsInput,
  started: EcsStarted | undefined,
  error: unknown,
): Promise<never> {
  const cancelled = isCancellation(error);
  const failure = failureOf(error);
  const why = cancelled ? 'the run was cancelled' : failure.message;
  const stopped = await stop(input, started, `Holdfast: ${why}`.slice(0, 255));
  const details = stopped.result === undefined ? [] : [stopped.result];
  if (cancelled) throw new CancelledFailure(`Task ${input.job} was cancelled${stopped.trouble}`, details);
  throw ApplicationFailure.create({
    message: `${failure.message}${stopped.trouble}`,
    type: failure.code,
    nonRetryable: true,
    details,
    ...(error instanceof Error && { cause: error }),
  });
}

interface Stopped {
  readonly result?: TaskResult;
  /** To put behind a message. */
  readonly trouble: string;
}

async function stop(input: EcsInput, started: EcsStarted | undefined, reason: string): Promise<Stopped> {
  try {
    const result = await ecs.stopEcs.executeWithOptions(
      { summary: 'stop it, and wait until it has stopped', scheduleToCloseTimeout: '15 minutes' },
      [{ ...input, ...(started && { started }), reason }],
    );
    return { ...(result && { result }), trouble: '' };
  } catch (error) {
    const { message }: Failure = failureOf(error);
    const tasks = started?.tasks.join(', ') ?? 'tasks that it may have started';
    return { trouble: `; ${tasks} could not be stopped in ECS, and may still run: ${message}` };
  }
}
