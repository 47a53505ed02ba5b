import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { freedInTurn } from '../../workflows/contract/memory.ts';
import type { SnapshotFacts, SnapshotReading } from '../store.ts';
import type { Connection } from './connection.ts';
import { describeServer } from './describe.ts';
import { answerError } from './errors.ts';
import type { FileFacts } from './file/check.ts';
import { passChecked } from './file/pass-checked.ts';
import { defaultLimits } from './limits.ts';
import { bytesOf, textOf } from './server.ts';
import type { Server } from './server.ts';

/**
 * The file that `consul snapshot save` would write. It ends only when it is whole: its gzip and its tar, the SHA-256
 * of what is in it, and every message of Consul's state.
 */
export async function openSnapshot(connection: Connection, signal: AbortSignal): Promise<SnapshotReading> {
  const { settings } = connection;
  return connection.inTurn(signal, async (server) => {
    const store = await describeServer(server, settings, defaultLimits(), signal);
    const answer = await askForSnapshot(server, settings.consistency === 'stale', signal);
    return { store, bytesTotal: () => undefined, ...checked(answer, server, settings.consistency, signal) };
  });
}

async function askForSnapshot(server: Server, stale: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  const path = `/v1/snapshot${stale ? '?stale' : ''}`;
  const answer = await server.send({ method: 'GET', path, signal });
  const status = answer.statusCode ?? 0;
  if (status === 200) return answer;
  throw snapshotError(server.address, status, await textOf(answer, server.address, signal));
}

/** Consul tells which right is missing, but not of a token that it does not know, nor what the right is for. */
export function snapshotError(address: string, status: number, text: string): HoldfastError {
  const error = answerError(address, status, text);
  if (status !== 403) return error;
  return new HoldfastError(
    'StoreRefused',
    `${error.message.replace(/\.$/, '')}. To take or restore a snapshot, which holds every ACL token, the token needs ` +
      '`acl = "write"`.',
    { cause: error, details: error.details },
  );
}

function checked(
  answer: IncomingMessage,
  server: Server,
  consistency: 'consistent' | 'stale',
  signal: AbortSignal,
): Pick<SnapshotReading, 'bytes' | 'facts'> {
  const { address } = server;
  const broken = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError('StreamBroken', `The snapshot of Consul at ${address} ${what}.`, {
      ...(cause === undefined ? {} : { cause }),
      details: { address },
    });
  const { bytes, facts } = passChecked(freedInTurn(bytesOf(answer, address, signal)), broken);
  return { bytes, facts: () => factsOf(facts(), answer, server, consistency) };
}

function factsOf(
  consul: FileFacts,
  { headers }: IncomingMessage,
  { address }: Server,
  consistency: 'consistent' | 'stale',
): SnapshotFacts {
  const isStale = consistency === 'stale';
  const leader =
    headers['x-consul-knownleader'] === 'false' ? 'which knows no leader' : 'which knows a leader';
  const age = String(headers['x-consul-lastcontact'] ?? 'an unknown number of');
  return {
    moment: { index: consul.index, consistency: isStale ? 'stale' : 'point-in-time' },
    records: consul.counts['keys'] ?? 0,
    consul,
    warnings: isStale
      ? [`The snapshot is stale: it is of ${address}, ${leader} and heard of one ${age} ms before.`]
      : [],
  };
}
