import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { spawnTied, type TiedProcess } from '../lifeline.ts';
import { findOnPath } from '../on-path.ts';
import { makeTiedDirectory } from '../tied-directory.ts';
import { openConsul } from './consul.ts';
import type { ConsulSettings } from './settings.ts';

export interface ConsulProgram {
  readonly path: string;
  /** `1.22.5` */
  readonly version: string;
}

/** A Consul of one server with a data directory of its own, to be restored into, read and thrown away. */
export interface ThrowawayConsul {
  /** How it is reached. */
  readonly settings: ConsulSettings;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/**
 * Finds Consul's program on the PATH.
 *
 * @param purpose what it is needed for, as the end of a sentence: `to drill backups of Consul`.
 * @throws ProgramMissing
 */
export async function findConsul(purpose: string, signal: AbortSignal): Promise<ConsulProgram> {
  const path = await findOnPath('consul');
  if (path === undefined) {
    throw new HoldfastError(
      'ProgramMissing',
      `\`consul\` is needed ${purpose}, and is not on the PATH of this machine. ` +
        'It is one file (https://releases.hashicorp.com/consul).',
      { details: { program: 'consul' } },
    );
  }
  const { child, stdout, stderr } = startConsul(path, ['version']);
  const said = keepLast(stdout);
  const complaints = keepLast(stderr);
  await once(child, 'close');
  signal.throwIfAborted();
  const version = /^Consul v(\d+\.\d+\.\d+\S*)/m.exec(said())?.[1];
  if (version !== undefined) return { path, version };
  throw new HoldfastError('ProgramFailed', `\`${path} version\` said: ${reasonOf(said() + complaints())}`);
}

const mostAttempts = 4;

/**
 * Starts a Consul without any data. It listens on loopback, and only who has its token, made for it here, may ask it
 * anything. It ends with this process, and its data is removed, whatever happens.
 *
 * @throws ProgramFailed, and the reason of the signal
 */
export async function openThrowawayConsul(
  { path }: ConsulProgram,
  signal: AbortSignal,
): Promise<ThrowawayConsul> {
  const directory = await makeTiedDirectory(tmpdir(), 'holdfast-throwaway-');
  try {
    for (let attempt = 1; ; attempt++) {
      const started = await start(path, directory.path, signal);
      if (typeof started !== 'string') {
        return {
          settings: started.settings,
          async close() {
            await started.stop();
            await directory.remove();
          },
        };
      }
      // Between its choice and its use, somebody else may take a port.
      if (!/address already in use/i.test(started) || attempt >= mostAttempts) {
        throw new HoldfastError('ProgramFailed', `\`${path}\` could not be started: ${reasonOf(started)}`);
      }
    }
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

/** Far above Consul's own limits: what a drill writes was in a Consul, whose limits may have been raised. */
const largestValue = 32 * 1024 * 1024;

/** @returns its log, where it ended by itself */
async function start(path: string, directory: string, signal: AbortSignal) {
  const [http = 0, server = 0, serf = 0] = await freePorts(3);
  const token = randomUUID();
  const file = join(directory, 'consul.json');
  const configuration = {
    ...{ server: true, bootstrap_expect: 1, node_name: 'throwaway', data_dir: join(directory, 'data') },
    ...{ bind_addr: '127.0.0.1', client_addr: '127.0.0.1' },
    ports: { http, server, serf_lan: serf, serf_wan: -1, https: -1, dns: -1, grpc: -1, grpc_tls: -1 },
    acl: { enabled: true, default_policy: 'deny', tokens: { initial_management: token, agent: token } },
    limits: { kv_max_value_size: largestValue },
    // A lone server need not wait for others.
    performance: { raft_multiplier: 1 },
    ...{ disable_update_check: true, log_level: 'error' },
  };
  await writeFile(file, JSON.stringify(configuration), { mode: 0o600 });
  const { child, stdout, stderr } = startConsul(path, ['agent', '-config-file', file]);
  const out = keepLast(stdout);
  const log = keepLast(stderr);
  const ended = once(child, 'close');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const settings: ConsulSettings = {
    addresses: [`http://127.0.0.1:${http}`],
    token,
    consistency: 'consistent',
  };
  try {
    while (!(await isReady(settings, signal))) {
      if (hasEnded()) return out() + log();
      await sleep(50, undefined, { signal });
    }
    return { settings, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** It has a leader, and knows the token, which comes a moment later. */
async function isReady(settings: ConsulSettings, signal: AbortSignal): Promise<boolean> {
  const store = openConsul(settings);
  try {
    await store.describe(signal);
    await store.read({ prefix: '' }, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    await store.close();
  }
}

function startConsul(path: string, words: readonly string[]): TiedProcess {
  // What the worker has as CONSUL_… is meant for the live one.
  const names = Object.keys(process.env).filter((name) => name.startsWith('CONSUL'));
  return spawnTied([path, ...words], { env: Object.fromEntries(names.map((name) => [name, undefined])) });
}

const outputKept = 20_000;

function keepLast(stream: TiedProcess['stdout']): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-outputKept)));
  return () => text;
}

/** Consul ends with `==> …`, its reason. */
function reasonOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => one.startsWith('==>')) ?? lines.at(-1) ?? 'it said nothing';
  return line.slice(0, 500);
}

/** Ports on loopback that nothing listens on now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listenAnywhere() {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', exclusive: true });
  await once(server, 'listening');
  return server;
}
