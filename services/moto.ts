import { findOrBuild } from './cache/find.ts';
import { installPythonPackage, venvPython } from './cache/python.ts';
import type { Tool } from './cache/tool.ts';
import { freePorts } from './ports.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

const version = '5.2.5';

/** The APIs of Amazon's services, in memory: what ECS answers, without any container that runs. */
export const moto: Tool = {
  name: 'moto',
  version,
  program: venvPython,
  shows: {
    arguments: [
      '-c',
      'from importlib.metadata import version; version("flask"); print("moto", version("moto"))',
    ],
    pattern: /^moto 5\.2\.5$/m,
  },
  minutes: 2,
  build: (folder, progress) => installPythonPackage(`moto[server]==${version}`, folder, progress),
};

export interface MotoServer extends RunningServer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Forgets everything. */
  reset(): Promise<void>;
  /**
   * Describing a task so often brings it to its next state, from RUNNING over DEACTIVATING, STOPPING and
   * DEPROVISIONING to STOPPED. After a reset it is once.
   */
  describesToNextState(times: number): Promise<void>;
}

/** It takes any keys: none is checked. */
const credentials = { accessKeyId: 'holdfast-development', secretAccessKey: 'holdfast-development-secret' };

/** Starts moto on loopback; its `address` is the endpoint for a client of any of Amazon's services. */
export async function startMoto(options: { readonly port?: number } = {}): Promise<MotoServer> {
  const python = await findOrBuild(moto);
  return retryOnTakenPort(() => start(python, options.port));
}

async function start(python: string, wanted: number | undefined): Promise<MotoServer> {
  const port = wanted ?? (await freePorts(1))[0] ?? 0;
  const address = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'ECS (moto)',
    address,
    command: [python, '-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)],
    ready: async () => {
      const answer = await fetch(`${address}/moto-api/data.json`);
      if (!answer.ok) throw new Error(`moto answered ${answer.status}`);
    },
  });
  return {
    ...server,
    region: 'us-east-1',
    ...credentials,
    reset: async () => {
      await command(address, 'state-manager/unset-transition', { model_name: 'ecs::task' });
      await command(address, 'reset');
    },
    describesToNextState: (times) =>
      command(address, 'state-manager/set-transition', {
        model_name: 'ecs::task',
        transition: { progression: 'manual', times },
      }),
  };
}

async function command(address: string, path: string, body: object = {}): Promise<void> {
  const answer = await fetch(`${address}/moto-api/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`moto answered ${answer.status} to ${path}: ${await answer.text()}`);
}
