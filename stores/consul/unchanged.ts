import type { Moment, Scope } from '../../workflows/contract/manifest.ts';
import type { Connection } from './connection.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { expressiblePrefix, kvPath } from './keys.ts';
import { indexOf, isFiltered, listing } from './read.ts';
import { ask, bytesOf } from './server.ts';
import type { Server } from './server.ts';

/**
 * Whether the keys of a scope are the very ones of an earlier moment, in the same cluster.
 *
 * The index of a list is the largest ModifyIndex of its keys, or of the tombstones of deleted ones; but tombstones
 * are cleared away after a while, so that a deletion can bring an old index back. The number of keys closes that gap:
 *
 *   - At the earlier moment every write so far had an index of at most R, and the list had the index I ≤ R.
 *   - Every later write of a key gives it a ModifyIndex above R. Where the list still has the index I, none of its
 *     keys was written since: they are a part of the earlier keys, unchanged.
 *   - A part with as many keys as the whole is the whole.
 */
export async function isUnchanged(
  connection: Connection,
  moment: Moment,
  records: number,
  scope: Scope,
  signal: AbortSignal,
): Promise<boolean> {
  // A wider prefix has another index; nothing is certain then.
  if (expressiblePrefix(scope.prefix) !== scope.prefix) return false;
  return connection.inTurn(signal, async (server) => {
    if (scope.prefix === '' && (await isWrittenSince(server, connection, moment, signal))) return false;
    const answer = await listing(server, connection.settings, scope, 'keys', signal);
    if (indexOf(answer, server) !== moment.index || isFiltered(answer)) {
      answer.destroy();
      return false;
    }
    if (answer.statusCode === 404) {
      answer.destroy();
      return records === 0;
    }
    return (await countStrings(bytesOf(answer, server.address, signal), server.address)) === records;
  });
}

/** There is no key of this name; if there is, all is done without it. */
const noKey = 'holdfast-asks-for-the-index';

/**
 * Whether any key was written since; false where that cannot be told. The answer for a key that is not there has the
 * index of all keys (agent/consul/state/kvs.go, kvsGetTxn), as the list of all has; making that list takes Consul a
 * second for a million keys, and mostly the store has changed.
 */
async function isWrittenSince(
  server: Server,
  { settings }: Connection,
  moment: Moment,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `${kvPath(noKey)}?${settings.consistency}`;
  const { status, headers } = await ask(server, { method: 'GET', path, signal }, [200, 403, 404]);
  const index = headers['x-consul-index'];
  return status === 404 && index !== undefined && index !== moment.index;
}

/** Counts the strings of a JSON array of strings, cut anywhere. */
export async function countStrings(chunks: AsyncIterable<Buffer>, address: string): Promise<number> {
  let count = 0;
  let inString = false;
  let escaped = false;
  let last = 0;
  for await (const chunk of chunks) {
    for (const byte of chunk) {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) inString = false;
      } else if (byte === 0x22) {
        inString = true;
        count++;
      } else if (byte > 0x20) {
        last = byte;
      }
    }
  }
  if (inString || last !== 0x5d) {
    throw new HoldfastError(
      'StreamBroken',
      `Consul at ${address} broke off in the middle of the list of keys.`,
    );
  }
  return count;
}
