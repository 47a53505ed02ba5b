import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Config } from '../config/config.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { StoppedHalfway } from './interruption.ts';
import type { Phase, Step } from './step.ts';

/** Liveness without progress hides a hanging connection: after this long without any, the attempt fails and is retried. */
const stallLimit = 10 * 60_000;

/** Turns a step into a Temporal activity: heartbeats, cancellation, errors. */
export function asActivity<Input, Result, Shown extends Phase = Progress>(
  config: Config,
  work: (step: Step<Shown>, input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const context = Context.current();
    const { workflowExecution, attempt } = context.info;
    // What the last attempt gave to its last heartbeat.
    const before = context.info.heartbeatDetails as Shown | undefined;
    const pulse = startPulse<Shown>(context);
    try {
      return await work(
        {
          config,
          signal: AbortSignal.any([context.cancellationSignal, pulse.stalled]),
          onProgress: pulse.onProgress,
          log: context.log,
          ...(before !== undefined && { before }),
          ...(workflowExecution && { run: { ...workflowExecution, attempt } }),
        },
        input,
      );
    } catch (error) {
      throw toFailure(pulse.stalled.aborted ? pulse.stalled.reason : error, context);
    } finally {
      pulse.stop();
    }
  };
}

interface Pulse<Shown extends Phase> {
  readonly onProgress: (progress: Shown) => void;
  readonly stalled: AbortSignal;
  stop(): void;
}

/**
 * Milliseconds between two heartbeats of one phase. The SDK thins out what goes to the server, but each that it is
 * given costs it 0.4 ms: with one for every 32 KiB of a snapshot, a fifth of the time.
 */
const beatInterval = 500;

/** Beats a third of the timeout apart, also while a single request takes long. */
function startPulse<Shown extends Phase>(context: Context): Pulse<Shown> {
  const timeout = context.info.heartbeatTimeoutMs;
  const stalled = new AbortController();
  if (!timeout) return { onProgress: () => undefined, stalled: stalled.signal, stop: () => undefined };

  let latest: Shown | undefined;
  let movedAt = Date.now();
  let beatenAt = 0;
  context.heartbeat();
  const timer = setInterval(() => {
    context.heartbeat(latest);
    if (Date.now() - movedAt < stallLimit) return;
    const minutes = stallLimit / 60_000;
    stalled.abort(
      new HoldfastError(
        'StreamBroken',
        `${context.info.activityType} made no progress for ${minutes} minutes.`,
      ),
    );
  }, timeout / 3);
  return {
    onProgress: (progress) => {
      movedAt = Date.now();
      const due = movedAt - beatenAt >= beatInterval || progress.phase !== latest?.phase;
      latest = progress;
      if (!due) return;
      beatenAt = movedAt;
      context.heartbeat(progress);
    },
    stalled: stalled.signal,
    stop: () => clearInterval(timer),
  };
}

/**
 * The failure that Temporal records. A stop that somebody asked for must be recorded as a cancellation, whatever the
 * aborted code threw; a stop of the worker must not, so that another worker takes the activity up.
 */
function toFailure(error: unknown, context: Context): unknown {
  if (context.cancellationSignal.aborted) {
    const asked = context.cancellationDetails?.cancelRequested === true;
    if (asked && error instanceof StoppedHalfway) return new CancelledFailure(error.message, [error.done]);
    if (!asked && error instanceof StoppedHalfway && error.failure) return applicationFailure(error.failure);
    return context.cancellationSignal.reason;
  }
  if (error instanceof HoldfastError) return applicationFailure(error);
  // A programming error: retried, since a fixed worker may take it up before the deadline.
  return error;
}

function applicationFailure({ message, code, retryable, details, cause }: HoldfastError): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: !retryable,
    details: [details],
    ...(cause instanceof Error && { cause }),
  });
}
