import { Connection } from '@temporalio/client';
import { findOrBuild } from './cache/find.ts';
import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';
import { freePorts } from './ports.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

/** The development server of the `temporal` command: a whole Temporal with its UI, on SQLite. */
export const temporal: Tool = {
  name: 'temporal',
  version: '1.5.1',
  program: 'temporal',
  shows: { arguments: ['--version'], pattern: /^temporal version 1\.5\.1 / },
  minutes: 6,
  build: (folder, progress) =>
    buildGoProgram(
      {
        package: 'github.com/temporalio/cli/cmd/temporal',
        version: 'v1.5.1',
        file: 'temporal',
        variables: { 'github.com/temporalio/cli/temporalcli.Version': '1.5.1' },
      },
      folder,
      progress,
    ),
};

export interface TemporalOptions {
  /** Serve the UI too: `true` on a free port, or on this one. */
  readonly ui?: boolean | number;
  /** Default: a free one. With `dbFile`, the same port again lets clients and workers find it after a restart. */
  readonly port?: number;
  /** SQLite file; it survives a restart. Default: in memory. */
  readonly dbFile?: string;
  /** Made at the start. Default: `default`. */
  readonly namespace?: string;
}

export interface TemporalServer extends RunningServer {
  readonly namespace: string;
  /** URL of the UI, when asked for. */
  readonly uiAddress?: string;
}

export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const program = await findOrBuild(temporal);
  return retryOnTakenPort(() => start(program, options));
}

async function start(program: string, options: TemporalOptions): Promise<TemporalServer> {
  const [freePort = 0, freeUiPort = 0] = await freePorts(2);
  const port = options.port ?? freePort;
  const uiPort = typeof options.ui === 'number' ? options.ui : freeUiPort;
  const namespace = options.namespace ?? 'default';
  const uiAddress = options.ui ? `http://127.0.0.1:${uiPort}` : undefined;
  const address = `127.0.0.1:${port}`;

  const server = await startServer({
    name: 'Temporal',
    address,
    command: [
      ...[program, 'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--namespace', namespace],
      ...(options.ui ? ['--ui-port', String(uiPort)] : ['--headless']),
      ...(options.dbFile ? ['--db-filename', options.dbFile] : []),
      // A developer's own profile for another cluster must not reach this server.
      ...['--disable-config-file', '--disable-config-env'],
    ],
    ready: async () => {
      await namespaceServes(address, namespace);
      if (uiAddress) await fetch(uiAddress);
    },
  });
  return { ...server, namespace, ...(uiAddress ? { uiAddress } : {}) };
}

/**
 * The server answers before its inner services know the namespace; a worker that starts then fails with "not
 * found". So each of them is asked: frontend, matching (a task queue) and visibility (a list).
 */
async function namespaceServes(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: 'holdfast' } });
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    });
  } finally {
    await connection.close();
  }
}
