import type { KeyRecord } from '../../workflows/contract/record.ts';
import { patiently } from '../backoff.ts';
import { sendInLanes } from '../lanes.ts';
import { sameContent } from '../mapping.ts';
import type { Write, WriteOptions } from '../store.ts';
import { batchesOf, keyOf, splitWrites } from './batches.ts';
import type { Connection } from './connection.ts';
import { requireSpace } from './describe.ts';
import { createRegrant } from './leases.ts';
import { isRevision, refusalOf, refusalOfKey } from './limits.ts';
import type { Limits } from './limits.ts';
import { lookUp, transact } from './transaction.ts';

/** Requests at once. etcd puts what arrives together into one write of its log. */
const lanes = 4;

/** Every write is guarded by the key's mod_revision. */
export async function writeAll(
  connection: Connection,
  limits: Limits,
  writes: AsyncIterable<readonly Write[]>,
  options: WriteOptions,
): Promise<void> {
  const refuse = (write: Write): boolean => {
    const guard = isRevision(write.seen) ? undefined : `the revision seen is no number: ${write.seen}`;
    const reason =
      guard ??
      (write.op === 'set' ? refusalOf(write.record, limits, connection.settings) : refusalOfKey(write.key));
    if (reason !== undefined) options.onOutcome(write, 'refused', reason);
    return reason !== undefined;
  };
  const batches = batchesOf(writes, limits, refuse);
  await patiently(options.signal, () =>
    connection.inTurn(options.signal, (server) => requireSpace(server, options.signal)),
  );
  await sendInLanes(
    batches,
    lanes,
    options.signal,
    (signal) => createWriter(connection, limits, { ...options, signal }).send,
  );
}

function createWriter(
  connection: Connection,
  limits: Limits,
  { signal, onOutcome, onGranted }: WriteOptions,
) {
  const regrant = createRegrant(connection, () => onGranted?.());

  /** The new lease of each record that had one, where the settings want that. */
  async function leasesFor(writes: readonly Write[]): Promise<(record: KeyRecord) => string | undefined> {
    const leases = new Map<string, string>();
    if (connection.settings.leases === 'regrant') {
      for (const write of writes) {
        if (write.op === 'delete') continue;
        const { meta } = write.record;
        if (meta.lease !== undefined) leases.set(meta.lease, await regrant(meta, signal));
      }
    }
    return ({ meta }) => (meta.lease === undefined ? undefined : leases.get(meta.lease));
  }

  async function send(writes: readonly Write[]): Promise<void> {
    let rest = writes;
    while (rest.length > 0) {
      const sent = rest;
      const leaseOf = await patiently(signal, () => leasesFor(sent));
      const answer = await patiently(signal, () =>
        connection.inTurn(signal, (server) => transact(server, sent, leaseOf, limits, signal)),
      );
      if (answer.kind === 'tooLarge') return sendSmaller(sent);
      if (answer.kind === 'done') {
        for (const write of sent) onOutcome(write, 'done');
        return;
      }
      const { positions } = answer;
      await settle(sent.filter((_, position) => positions.has(position)));
      rest = sent.filter((_, position) => !positions.has(position));
    }
  }

  async function sendSmaller(writes: readonly Write[]): Promise<void> {
    const [only] = writes;
    if (writes.length > 1 || only === undefined) {
      for (const part of splitWrites(writes, limits)) await send(part);
      return;
    }
    onOutcome(only, 'refused', 'too large for the server (--max-request-bytes)');
  }

  /** Tells of writes whose guards no longer hold: the live key decides. */
  async function settle(stale: readonly Write[]): Promise<void> {
    const live = await patiently(signal, () =>
      connection.inTurn(signal, (server) => lookUp(server, stale.map(keyOf), signal)),
    );
    for (const [position, write] of stale.entries()) {
      const found = live[position];
      const asWanted =
        write.op === 'set' ? found !== undefined && sameContent(found, write.record) : found === undefined;
      if (asWanted) onOutcome(write, 'already');
      else onOutcome(write, 'conflict', 'changed since the plan');
    }
  }

  return { send };
}
