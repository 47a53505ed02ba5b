import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { createWorkers } from '../../worker/workers.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingTask } from '../../workflows/contract/starting.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

type Settings = Readonly<Record<string, unknown>>;

/** A real Temporal, for tasks. Workers run in this process; more than one may. */
export interface TaskRig {
  readonly temporal: TemporalServer;
  readonly client: Client;
  readonly config: Config;
  /** The jobs as they stand in the configuration. */
  readonly jobs: Readonly<Record<string, Settings>>;
  /** A directory for what the tasks write; removed at the end. */
  readonly scratch: string;
  startWorker(options?: { commands?: boolean; grace?: number }): Promise<RigWorker>;
  /** Starts a task as `holdfast run` does; the id is its second. */
  start(job: string): Promise<WorkflowHandle>;
  stop(): Promise<void>;
}

export interface RigWorker {
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

/** `jobs` as in holdfast.yaml, given the scratch directory. */
export async function startTaskRig(
  jobs: (scratch: string) => Readonly<Record<string, Settings>>,
  storages: (scratch: string) => Settings = () => ({}),
): Promise<TaskRig> {
  const started = new AsyncDisposableStack();
  try {
    const scratch = await mkdtemp(join(tmpdir(), 'holdfast-tasks-'));
    started.defer(() => rm(scratch, { recursive: true, force: true }));
    const temporal = await startTemporal();
    started.defer(() => temporal.stop());
    const connection = await Connection.connect({ address: temporal.address });
    started.defer(() => connection.close());
    await registerSearchAttributes(connection, 'default');
    const client = new Client({ connection });
    const bundle = await workflowBundle();
    const entries = jobs(scratch);
    const settings = { worker: { commands: true }, storages: storages(scratch), jobs: entries };
    const config = parseConfig(JSON.stringify(settings), join(scratch, 'holdfast.yaml'), {
      env: {},
      unset: 'fail',
    });
    let last = 0;
    return {
      ...{ temporal, client, config, scratch, jobs: entries },
      async startWorker({ commands = true, grace = 0 } = {}) {
        const own = { ...config, worker: { ...config.worker, commands } };
        // The SDK allows one worker a queue on each connection.
        const link = await NativeConnection.connect({ address: temporal.address });
        const options = { config: own, connection: link, namespace: 'default', bundle, grace };
        const workers = await createWorkers(options);
        const served = workers.run();
        let stopped: Promise<void> | undefined;
        const stop = (): Promise<void> => {
          workers.stop();
          return (stopped ??= served.then(() => link.close()));
        };
        started.defer(stop);
        return { stop };
      },
      async start(job) {
        last = Math.max(Date.now(), last + 1000);
        const id = backupId(new Date(last));
        const { type, ...options } = startingTask(
          { job, kind: config.tasks.get(job)?.work.kind ?? 'command' },
          id,
        );
        return client.workflow.start(type, { ...options, args: [{ job, id }] });
      },
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}
