import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  log,
  sleep,
  TimeoutFailure,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { command, control } from './activities.ts';
import type { Failure } from './contract/backup.ts';
import { backupId } from './contract/names.ts';
import { attributeKeys } from './contract/starting.ts';
import {
  isTaskProgress,
  type TaskDescription,
  type TaskInput,
  type TaskResult,
  taskResultIn,
} from './contract/task.ts';
import { startDeadline } from './deadline.ts';
import { attemptInEcs } from './ecs-attempt.ts';
import { failureOf } from './failure.ts';
import { countRun } from './run-metrics.ts';
import { scheduledTime } from './scheduled-time.ts';
import { showTask, type TaskDetails } from './task-details.ts';
import { mayHelpToRunAgain, pauseAfter } from './task-retry.ts';

interface Run {
  readonly job: string;
  readonly id: string;
  readonly details: TaskDetails;
  /** Which attempt is at work, from 1. */
  attempt: number;
}

/** A run that failed: why, and as far as it is known, what the task said and how it ended. */
interface Failed {
  readonly failure: Failure;
  readonly result: TaskResult | undefined;
}

/** Does a task. Its work is in the workers' configuration; here are only its name and what came of it. */
export async function task({ job, id: given }: TaskInput): Promise<TaskResult> {
  const scheduled = scheduledTime();
  const id = given ?? backupId(scheduled ?? workflowInfo().runStartTime);
  const details = showTask(job, id, scheduled === undefined ? 'manual' : 'schedule');
  const run: Run = { job, id, details, attempt: 1 };
  try {
    const result = await attemptAll(run, await describe(run));
    details.finished(result);
    countRun(job, 'task', 'completed');
    return result;
  } catch (error) {
    if (isCancellation(error)) {
      details.cancelled(cancelledResult(error));
      countRun(job, 'task', 'cancelled');
      throw error;
    }
    const { failure, result } = failedRun(run, error);
    details.failed(failure, result);
    countRun(job, 'task', 'failed');
    throw ApplicationFailure.create({
      message: failure.message,
      type: failure.code,
      nonRetryable: true,
      details: result === undefined ? [] : [result],
      ...(error instanceof Error && { cause: error }),
    });
  }
}

async function describe({ job, details }: Run): Promise<TaskDescription> {
  const summary = `read the configuration of ${job}`;
  const description = await control.describeTask.executeWithOptions({ summary }, [{ job }]);
  details.described(description);
  upsertSearchAttributes([{ key: attributeKeys.job, value: job }]);
  return description;
}

/**
 * The attempts are counted here, not by the server: what an activity's worker did when it died is not known, so
 * without `retries` it is never done again.
 */
async function attemptAll(run: Run, description: TaskDescription): Promise<TaskResult> {
  const left = startDeadline(description.deadline);
  for (; ; run.attempt++) {
    run.details.attempting(run.attempt);
    try {
      return await attemptOnce(run, description, left());
    } catch (error) {
      if (isCancellation(error) || run.attempt > description.retries) throw error;
      const { failure, result } = failedRun(run, error);
      if (!mayHelpToRunAgain(failure)) throw error;
      log.warn('A task is run again', { job: run.job, attempt: run.attempt, ...failure });
      run.details.attemptFailed(run.attempt, failure, result);
      const pause = pauseAfter(run.attempt);
      if (left() <= pause) throw error;
      await sleep(pause);
    }
  }
}

async function attemptOnce(
  { job, id, attempt }: Run,
  { kind, summary, grace }: TaskDescription,
  timeLimit: number,
): Promise<TaskResult> {
  if (kind === 'ecs') return attemptInEcs({ job, id, attempt }, summary, timeLimit);
  const options = {
    summary: attempt === 1 ? summary : `${summary} (attempt ${attempt})`,
    scheduleToStartTimeout: timeLimit,
    // The worker keeps the limit itself, so that it can say how the task ended, and then it still stores the output.
    startToCloseTimeout: timeLimit + grace + 600_000,
  };
  return command.runCommand.executeWithOptions(options, [{ job, id, timeLimit, attempt }]);
}

function failedRun({ job, id, attempt }: Run, error: unknown): Failed {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof TimeoutFailure)) {
    const result = cause instanceof ApplicationFailure ? taskResultIn(cause.details) : undefined;
    return { failure: failureOf(error), result };
  }
  if (cause.timeoutType === 'SCHEDULE_TO_START') {
    const message = `Task ${job} was not started: no worker that may run it took it in time.`;
    return { failure: { code: 'NoWorker', message }, result: undefined };
  }
  const message = `Task ${job}: its worker fell silent while it was at work.`;
  const seen: unknown = cause.lastHeartbeatDetails;
  if (!isTaskProgress(seen)) return { failure: { code: 'TaskInterrupted', message }, result: undefined };
  const { pid, host, startedAt, stdout, stderr } = seen;
  const known = { ...(pid !== undefined && { pid }), ...(host !== undefined && { host }), startedAt };
  const endedAt = new Date().toISOString();
  return {
    failure: { code: 'TaskInterrupted', message },
    result: { job, id, kind: 'command', ...known, stdout, stderr, endedAt, attempt },
  };
}

/** What the task said until it was stopped. */
function cancelledResult(error: unknown): TaskResult | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof CancelledFailure ? taskResultIn(cause.details) : undefined;
}
