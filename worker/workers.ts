import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { asActivity } from '../activities/temporal.ts';
import type { Config } from '../config/config.ts';
import type { WatchActivities } from '../workflows/contract/activities.ts';
import { commandQueue, controlQueue, dataQueue, ecsQueue, scrubQueue } from '../workflows/contract/names.ts';
import { createObserve, type Pace, usualPace } from './watch/observe.ts';

export interface WorkersOptions {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Path of the workflow bundle. */
  readonly bundle: string;
  /** Milliseconds that running activities may still take after a stop was asked for; then they hand over. */
  readonly grace: number;
  /** How often the watch looks at the jobs. */
  readonly pace?: Pace;
}

export interface Workers {
  /** Ends when all have stopped; fails when one of them does. */
  readonly run: () => Promise<void>;
  readonly stop: () => void;
  /** Whether each queue is asked for work, by its name. */
  readonly polling: () => ReadonlyMap<string, boolean>;
}

/**
 * One worker decides what happens next, another one moves bytes: so no long transfer delays a decision. A third one
 * runs commands, where the configuration allows them. Others wait for tasks in ECS, and read stored backups back, where
 * there are such.
 */
export async function createWorkers(options: WorkersOptions): Promise<Workers> {
  const { config, connection, namespace, bundle, grace, pace = usualPace } = options;
  const stopping = new AbortController();
  const watching: WatchActivities = {
    observe: asActivity(config, createObserve(new Client({ connection, namespace }), pace, stopping.signal)),
  };
  const { control, data, command, ecs, scrub } = createActivities(config);
  const common = {
    connection,
    namespace,
    identity: `holdfast@${hostname()}:${process.pid}`,
    shutdownGraceTime: grace,
    shutdownForceTime: grace + Math.max(20_000, longestGrace(config) + 5000),
  };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: controlQueue,
      workflowBundle: { codePath: bundle },
      activities: { ...control, ...watching },
      maxCachedWorkflows: 100,
      maxConcurrentActivityTaskExecutions: 20,
    }),
    Worker.create({
      ...common,
      taskQueue: dataQueue,
      activities: { ...data },
      // Each holds a few parts and frames in memory; more at once would not be faster.
      maxConcurrentActivityTaskExecutions: 2,
      // Otherwise live progress could be a minute old.
      maxHeartbeatThrottleInterval: '3 seconds',
    }),
    ...(config.worker.commands
      ? [
          Worker.create({
            ...common,
            taskQueue: commandQueue,
            activities: { ...command },
            maxConcurrentActivityTaskExecutions: 20,
            maxHeartbeatThrottleInterval: '3 seconds',
          }),
        ]
      : []),
    ...(hasEcs(config)
      ? [
          Worker.create({
            ...common,
            taskQueue: ecsQueue,
            activities: { ...ecs },
            // Each only asks ECS now and then.
            maxConcurrentActivityTaskExecutions: 200,
            maxHeartbeatThrottleInterval: '3 seconds',
          }),
        ]
      : []),
    ...(verifies(config)
      ? [
          Worker.create({
            ...common,
            taskQueue: scrubQueue,
            activities: { ...scrub },
            // It has time, and backups need the network too.
            maxConcurrentActivityTaskExecutions: 1,
            maxHeartbeatThrottleInterval: '3 seconds',
          }),
        ]
      : []),
  ]);
  const stop = (): void => {
    stopping.abort();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    stop,
    polling: () => new Map(workers.map((worker) => [worker.options.taskQueue, isPolling(worker)])),
    run: async () => {
      const runs = workers.map((worker) => worker.run());
      // One without the other would leave runs half served; the process ends, and whoever started it starts it again.
      await Promise.race(runs).finally(stop);
      await Promise.all(runs);
    },
  };
}

/** Milliseconds that a command may take to stop. */
function longestGrace({ tasks }: Config): number {
  return Math.max(
    0,
    ...[...tasks.values()].map(({ work }) => (work.kind === 'command' ? work.command.grace : 0)),
  );
}

function hasEcs({ jobs, tasks }: Config): boolean {
  return (
    [...tasks.values()].some(({ work }) => work.kind === 'ecs') ||
    [...jobs.values()].some(({ runIn }) => runIn?.kind === 'ecs')
  );
}

function verifies({ jobs }: Config): boolean {
  return [...jobs.values()].some(({ verify }) => verify !== undefined);
}

/** A worker without workflows has no poller for them. */
function isPolling(worker: Worker): boolean {
  const { runState, workflowPollerState, activityPollerState } = worker.getStatus();
  return runState === 'RUNNING' && workflowPollerState !== 'FAILED' && activityPollerState === 'POLLING';
}
