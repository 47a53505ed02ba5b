import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Config } from '../config/config.ts';
import type { TemporalTarget } from '../config/temporal.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { captureQueue } from '../workflows/contract/names.ts';
import { connect } from './connection.ts';
import type { Log } from './logging.ts';

export interface CaptureFor {
  /** The run that it works for. */
  readonly workflowId: string;
  readonly config: Config;
  readonly target: TemporalTarget;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** Milliseconds that Temporal is waited for: nobody sees a container wait, and ECS tells of one that ends. */
const connectLimit = 2 * 60_000;

/** Milliseconds between two looks whether the run is still open. */
const lookInterval = 15_000;
/** Milliseconds without an answer of Temporal after which it is not waited for any more: a container costs money. */
const silenceLimit = 10 * 60_000;

/**
 * Serves the capture of one backup and nothing else, in a container that was started for it. Ends when that is done,
 * when the run is closed (somebody may have terminated it), or when it is told to.
 *
 * @throws BadRequest where there is no such run; TemporalUnreachable where Temporal falls silent
 */
export async function captureFor(given: CaptureFor): Promise<void> {
  const connection = await connectSoon(given);
  try {
    if (await isOpen(given, connection)) await serve(given, connection);
    else given.log.info({ workflowId: given.workflowId }, 'The run is closed: there is nothing to capture');
  } finally {
    await connection.close();
  }
}

async function connectSoon({ target, log, stopping }: CaptureFor): Promise<NativeConnection> {
  const late = AbortSignal.timeout(connectLimit);
  const signal = AbortSignal.any([stopping, late]);
  const given = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => given.reject(signal.reason as Error), { once: true });
  try {
    // An address that swallows packets keeps even the first try from failing.
    return await Promise.race([connect(target, log, signal), given.promise]);
  } catch (error) {
    if (stopping.aborted || !late.aborted) throw error;
    const seconds = connectLimit / 1000;
    const text = `Temporal at ${target.address} has not answered within ${seconds} s. The container must reach it.`;
    throw new HoldfastError('TemporalUnreachable', text, { cause: error });
  }
}

async function serve(given: CaptureFor, connection: NativeConnection): Promise<void> {
  const { config, target, workflowId, log, stopping } = given;
  const captured = new AbortController();
  const { data } = createActivities(config);
  const worker = await Worker.create({
    ...{ connection, namespace: target.namespace, taskQueue: captureQueue(workflowId) },
    identity: `holdfast@${hostname()}:${process.pid}`,
    activities: {
      capture: async (input: Parameters<typeof data.capture>[0]) => {
        const result = await data.capture(input);
        captured.abort();
        return result;
      },
    },
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: '3 seconds',
    shutdownGraceTime: config.worker.grace,
    shutdownForceTime: config.worker.grace + 20_000,
  });
  const ended = new AbortController();
  const over = AbortSignal.any([stopping, captured.signal, ended.signal]);
  await worker.runUntil(async () => {
    log.info({ workflowId }, 'Ready to capture');
    try {
      await waitUntilClosed(given, connection, over);
      log.info({ workflowId }, 'The run is closed');
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      ended.abort();
    }
  });
  if (captured.signal.aborted) log.info({ workflowId }, 'The capture is done');
}

async function waitUntilClosed(
  given: CaptureFor,
  connection: NativeConnection,
  signal: AbortSignal,
): Promise<void> {
  let answeredAt = Date.now();
  for (;;) {
    await sleep(lookInterval, undefined, { signal });
    try {
      if (!(await isOpen(given, connection))) return;
      answeredAt = Date.now();
    } catch (error) {
      given.log.warn({ err: error }, 'Temporal does not say whether the run is open');
      if (Date.now() - answeredAt > silenceLimit) {
        throw new HoldfastError(
          'TemporalUnreachable',
          `Temporal has not answered for ${silenceLimit / 60_000} minutes.`,
          { cause: error },
        );
      }
    }
  }
}

/** temporal.api.enums.v1.WorkflowExecutionStatus */
const running = 1;
const notFound = 5;

async function isOpen({ target, workflowId }: CaptureFor, connection: NativeConnection): Promise<boolean> {
  const { namespace } = target;
  try {
    const { workflowExecutionInfo } = await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
    );
    return Number(workflowExecutionInfo?.status) === running;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === notFound)) throw error;
    throw new HoldfastError(
      'BadRequest',
      `There is no run ${workflowId} in the namespace "${namespace}" of Temporal.`,
      { cause: error },
    );
  }
}
