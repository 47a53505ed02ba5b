import type { Moment, Scope, StoreDescription } from '../../workflows/contract/manifest.ts';
import type { Connection } from './connection.ts';
import { rangeOf } from './range.ts';

/**
 * Whether the keys of a scope are the very ones of an earlier revision of the same cluster.
 *
 *   - The revision of the cluster grows with every write: where it is the same, nothing was written at all.
 *   - Else every key written since has a larger mod_revision. Where there is none such in the scope, its keys are a
 *     part of the earlier ones, unchanged; and a part with as many keys as the whole is the whole.
 *
 * A lease changes no revision, and nothing that a backup vouches for.
 */
export async function isUnchanged(
  connection: Connection,
  moment: Moment,
  records: number,
  scope: Scope,
  signal: AbortSignal,
): Promise<boolean> {
  const range = rangeOf(scope.prefix);
  return connection.inTurn(signal, async (server) => {
    const now = await server.call('KV/Range', { ...range, countOnly: true }, signal);
    if (Number(now.count) !== records) return false;
    if (now.header.revision === moment.index) return true;
    // A revision that went back is that of a cluster made anew from a snapshot.
    if (BigInt(now.header.revision) < BigInt(moment.index)) return false;
    const minModRevision = String(BigInt(moment.index) + 1n);
    const { revision } = now.header;
    const written = await server.call(
      'KV/Range',
      { ...range, revision, minModRevision, keysOnly: true, limit: 1 },
      signal,
    );
    return written.kvs.length === 0;
  });
}

/**
 * Whether nothing at all was written between two descriptions of one cluster. Whatever changes what a snapshot holds
 * (keys, leases, users, roles, alarms, members, a compaction) is an entry of the log, also where it raises no revision;
 * and each member is described after it has caught up. So does the login of a user, though: with a password, no
 * snapshot is ever unchanged.
 */
export function isSameState(before: StoreDescription, now: StoreDescription): boolean {
  const { clusterId, raftIndex } = before.details;
  return (
    clusterId !== undefined &&
    raftIndex !== undefined &&
    clusterId === now.details.clusterId &&
    raftIndex === now.details.raftIndex
  );
}
