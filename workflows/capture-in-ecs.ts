import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { data } from './activities.ts';
import type { Captured, CaptureInput, CapturePlace, Failure } from './contract/backup.ts';
import type { EcsTask } from './contract/ecs.ts';
import { captureQueue } from './contract/names.ts';
import { type TaskResult, taskResultIn } from './contract/task.ts';
import { attemptInEcs } from './ecs-attempt.ts';
import { failureOf } from './failure.ts';
import { mayHelpToRunAgain, pauseAfter } from './task-retry.ts';

export interface CaptureInEcs {
  readonly input: CaptureInput;
  readonly place: CapturePlace;
  /** For people: what is read. */
  readonly summary: string;
  /** Milliseconds that are left of the run. */
  readonly left: () => number;
  /** Told of the tasks that have ended, good or bad. */
  readonly onEnd: (tasks: readonly EcsTask[]) => void;
}

/**
 * Captures by a worker of its own, in a container that ECS runs near the store. It serves a queue that only this run
 * puts work in, and ends when that is done; where it dies before, another one takes its place, and there the activity
 * is tried again. Whatever ends this early, no container goes on behind it.
 */
export async function captureInEcs(options: CaptureInEcs): Promise<Captured> {
  const { input, summary, left } = options;
  const capturing = new CancellationScope();
  const serving = new CancellationScope();
  let done = false;
  const capture = capturing.run(async () => {
    const taskQueue = captureQueue(workflowInfo().workflowId);
    const given = { summary, taskQueue, scheduleToCloseTimeout: left() };
    const captured = await data.capture.executeWithOptions(given, [input]);
    done = true;
    return captured;
  });
  const containers = serving.run(() => keepContainer(options, () => done));
  try {
    // The containers end first only where there will be none any more.
    await Promise.race([capture, containers]);
    const captured = await capture;
    await containers;
    return captured;
  } catch (error) {
    capturing.cancel();
    serving.cancel();
    await Promise.allSettled([capture, containers]);
    throw error;
  }
}

/** Starts one container after the other, until one has ended after the capture was done. */
async function keepContainer(
  { input: { job, id }, place, left, onEnd }: CaptureInEcs,
  isDone: () => boolean,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const end = await runContainer({ job, id, attempt }, place, left());
    onEnd(end.result?.ecs ?? []);
    const { failure = { code: 'TaskFailed', message: 'its container ended before the capture did.' } } = end;
    if (isDone()) {
      if (end.failure) log.warn('The container that captured did not end well', { job, id, ...failure });
      return;
    }
    const pause = pauseAfter(attempt);
    if (attempt > place.retries || !mayHelpToRunAgain(failure) || left() <= pause)
      throw ApplicationFailure.create({
        message: failure.message,
        type: failure.code,
        nonRetryable: true,
        details: end.result === undefined ? [] : [end.result],
        ...(end.cause instanceof Error && { cause: end.cause }),
      });
    log.warn('Another container takes up the capture', { job, id, attempt, ...failure });
    await sleep(pause);
    if (isDone()) return;
  }
}

interface ContainerEnd {
  readonly failure?: Failure;
  readonly cause?: unknown;
  /** As far as it is known. */
  readonly result?: TaskResult | undefined;
}

async function runContainer(
  input: Parameters<typeof attemptInEcs>[0],
  { summary }: CapturePlace,
  timeLimit: number,
): Promise<ContainerEnd> {
  try {
    return { result: await attemptInEcs(input, `a worker for the capture: ${summary}`, timeLimit) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const thrown = error instanceof ActivityFailure ? error.cause : error;
    const result = thrown instanceof ApplicationFailure ? taskResultIn(thrown.details) : undefined;
    return { failure: failureOf(error), cause: error, result };
  }
}
