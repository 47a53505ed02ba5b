import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { makeTiedDirectory } from '../tied-directory.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { makeDataDir } from './data-dir.ts';
import { defaultMaxRequestBytes } from './settings.ts';
import { findTool, reasonOf, startTool } from './tools.ts';
import type { Tool } from './tools.ts';

/** An etcd of one member, for a while. */
export interface Throwaway {
  readonly connection: Connection;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface ThrowawayTools {
  readonly etcd: Tool;
  readonly etcdutl: Tool;
}

/** @throws ProgramMissing */
export async function findThrowawayTools(purpose: string, signal: AbortSignal): Promise<ThrowawayTools> {
  return {
    etcdutl: await findTool('etcdutl', purpose, signal),
    etcd: await findTool('etcd', purpose, signal),
  };
}

/**
 * Starts an etcd from a snapshot, as it is: its revisions and leases are those of the file. Only this process can
 * reach it, through a socket in a directory of its own; it ends with this process, and its data is removed,
 * whatever happens. The file may be removed once this has returned; meanwhile, disk space of its size is needed.
 *
 * @throws ProgramFailed, and the reason of the signal
 */
export async function openThrowaway(
  { etcd, etcdutl }: ThrowawayTools,
  file: string,
  signal: AbortSignal,
): Promise<Throwaway> {
  const fill = (dataDir: string) =>
    makeDataDir(etcdutl, dataDir, { member, bumpRevision: 0 }, () => Promise.resolve(file), signal);
  return openFilled(etcd, fill, defaultMaxRequestBytes, signal);
}

/**
 * The same without keys, to be written to, read and thrown away. It takes requests of that size.
 *
 * @throws ProgramFailed, and the reason of the signal
 */
export async function openEmptyThrowaway(
  etcd: Tool,
  maxRequestBytes: number,
  signal: AbortSignal,
): Promise<Throwaway> {
  return openFilled(etcd, () => Promise.resolve(), maxRequestBytes, signal);
}

async function openFilled(
  etcd: Tool,
  fill: (dataDir: string) => Promise<void>,
  maxRequestBytes: number,
  signal: AbortSignal,
): Promise<Throwaway> {
  const directory = await makeTiedDirectory(tmpdir(), 'holdfast-throwaway-');
  try {
    const dataDir = join(directory.path, 'data');
    await fill(dataDir);
    const { connection, stop } = await startEtcd(etcd, directory.path, dataDir, maxRequestBytes, signal);
    return {
      connection,
      async close() {
        connection.close();
        await stop();
        await directory.remove();
      },
    };
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

/** Nobody is ever reached under this URL; etcd wants one. */
const nowhere = 'http://localhost:1';
const member = {
  name: 'throwaway',
  initialCluster: `throwaway=${nowhere}`,
  initialClusterToken: 'throwaway',
  initialAdvertisePeerUrls: nowhere,
};

async function startEtcd(
  etcd: Tool,
  directory: string,
  dataDir: string,
  maxRequestBytes: number,
  signal: AbortSignal,
) {
  const socket = join(directory, 'client');
  const key = randomBytes(32);
  const keyFile = join(directory, 'token.key');
  await writeFile(keyFile, key, { mode: 0o600 });
  const { child, stdout, stderr } = startTool(etcd.path, [
    ...[`--name=${member.name}`, `--data-dir=${dataDir}`],
    ...[`--initial-cluster=${member.initialCluster}`, `--initial-advertise-peer-urls=${nowhere}`],
    ...[`--listen-client-urls=unix://${socket}`, `--advertise-client-urls=${nowhere}`],
    ...[`--listen-peer-urls=unix://${join(directory, 'peer')}`, '--enable-grpc-gateway=false'],
    `--max-request-bytes=${maxRequestBytes}`,
    `--auth-token=jwt,sign-method=HS256,priv-key=${keyFile},ttl=1h`,
    // It is its own leader after one of these.
    ...['--heartbeat-interval=20', '--election-timeout=200'],
    // Nothing is kept of it, and its size is what it is.
    ...['--unsafe-no-fsync', '--quota-backend-bytes=-1', '--logger=zap', '--log-level=error'],
  ]);
  stdout.resume();
  let log = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-20_000)));
  const ended = once(child, 'close');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };

  const connect = (token: string) =>
    openConnection({
      endpoints: [`unix://${socket}`],
      token,
      leases: 'drop',
      maxRequestBytes,
    });
  const first = connect(rootToken(key, '1'));
  try {
    // No time limit: a large database takes minutes to start. The signal has one.
    while (!(await isReady(first, socket, signal))) {
      if (hasEnded()) {
        throw new HoldfastError(
          'ProgramFailed',
          `\`${etcd.path}\` could not be started from the snapshot: ${reasonOf(log)}`,
        );
      }
      await sleep(20, undefined, { signal });
    }
    // The key was read at the start.
    await rm(keyFile);
    const status = await first.inTurn(signal, (server) => server.call('Auth/AuthStatus', {}, signal));
    return { connection: connect(rootToken(key, status.authRevision)), stop };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    throw error;
  } finally {
    first.close();
  }
}

async function isReady(connection: Connection, socket: string, signal: AbortSignal): Promise<boolean> {
  try {
    await access(socket);
    const { leader } = await connection.inTurn(signal, (server) =>
      server.call('Maintenance/Status', {}, signal),
    );
    return leader !== '0';
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/**
 * A snapshot holds its users, and their passwords may be those of years ago. Whoever starts an etcd chooses what its
 * tokens are signed with, so we sign one for root: the same right as that of reading the file. Where the snapshot has
 * no authentication, etcd takes no notice of it.
 */
function rootToken(key: Buffer, authRevision: string): string {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    // Reading needs the very revision of users and roles that is in force; asking for it needs none.
    { username: 'root', revision: Number(authRevision), exp: Math.floor(Date.now() / 1000) + 7 * 24 * 3600 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
