import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type {
  CommandActivities,
  ControlActivities,
  DataActivities,
  EcsActivities,
  ScrubActivities,
  WatchActivities,
} from './contract/activities.ts';
import { commandQueue, controlQueue, dataQueue, ecsQueue, scrubQueue } from './contract/names.ts';

/**
 * Every timeout and retry of Holdfast.
 *
 * |                 | one attempt | no heartbeat for | all attempts                       | between attempts |
 * |-----------------|-------------|------------------|------------------------------------|------------------|
 * | control         | 1 min       | -                | 1 h                                | 1 s, doubling to 1 min |
 * | tidying         | 10 min      | -                | 10 min                             | the same |
 * | data            | unbounded   | 30 s             | what is left of the job's deadline | the same |
 * | command         | of the task | 30 s             | one: the workflow counts the task's retries | - |
 * | verification    | unbounded   | 30 s             | what is left of the deadline of `verify` | the same |
 * | ecs             | unbounded   | 30 s             | start 30 min, stop 15 min, else what is left of the deadline | the same |
 * | observing       | 10 min      | 30 s             | 15 min                             | the same |
 * | notice          | 1 min       | -                | 2 min: then the channel counts as failing | 2 s, doubling to 20 s |
 *
 * Nothing else has a limit of attempts: a worker's shutdown uses one up. What cannot succeed is not retried, because its
 * failure is marked so in the catalogue (contract/errors.ts).
 */
const retry: ActivityOptions['retry'] = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
};

export const control = proxyActivities<ControlActivities>({
  taskQueue: controlQueue,
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 hour',
  retry,
});

/** Deleting may be much work, and it must not keep a finished run open for long. */
export const tidying = proxyActivities<
  Pick<ControlActivities, 'prune' | 'discard' | 'recordRestore' | 'cleanDrill' | 'recordDrill'>
>({
  taskQueue: controlQueue,
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry,
});

/** The calls add `scheduleToCloseTimeout`. A cancelled one is waited for, so that nothing writes behind the run's back. */
export const data = proxyActivities<DataActivities>({
  taskQueue: dataQueue,
  scheduleToCloseTimeout: '1 hour',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
});

/** The calls add `scheduleToCloseTimeout`. */
export const scrubbing = proxyActivities<ScrubActivities>({
  taskQueue: scrubQueue,
  scheduleToCloseTimeout: '1 hour',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
});

/** The calls add `scheduleToStartTimeout` and `startToCloseTimeout`. */
export const command = proxyActivities<CommandActivities>({
  taskQueue: commandQueue,
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { maximumAttempts: 1 },
});

/** The calls add `scheduleToCloseTimeout`. A cancelled one is waited for, so that no task starts behind the run's back. */
export const ecs = proxyActivities<EcsActivities>({
  taskQueue: ecsQueue,
  scheduleToCloseTimeout: '1 hour',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
});

/** It waits until something changes, for as long as its input says. */
export const observing = proxyActivities<WatchActivities>({
  taskQueue: controlQueue,
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '15 minutes',
  heartbeatTimeout: '30s',
  retry,
});

const noticeLimits: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '20s' },
};

export const notice = proxyActivities<Pick<ControlActivities, 'notify'>>({
  ...noticeLimits,
  taskQueue: controlQueue,
});

export const commandNotice = proxyActivities<Pick<CommandActivities, 'notifyByCommand'>>({
  ...noticeLimits,
  scheduleToStartTimeout: '30s',
  taskQueue: commandQueue,
});
