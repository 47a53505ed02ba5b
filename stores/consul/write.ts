import { HoldfastError } from '../../workflows/contract/errors.ts';
import { sendInLanes } from '../lanes.ts';
import { sameContent } from '../mapping.ts';
import type { Outcome, Write, WriteOptions } from '../store.ts';
import { patiently } from '../backoff.ts';
import { batchesOf, itemOf, keyOf, splitItems } from './batches.ts';
import type { Batch, Item } from './batches.ts';
import type { Connection } from './connection.ts';
import { kvPath, fitsPath } from './keys.ts';
import { fitsTransaction, isUint64, refusalOf, refusalOfKey } from './limits.ts';
import type { Limits } from './limits.ts';
import { lookUp } from './lookup.ts';
import { ask } from './server.ts';
import type { Server } from './server.ts';
import { isStale, transact } from './transaction.ts';

/** Requests at once. Consul puts what arrives together into one write of its log. */
const lanes = 8;

/**
 * Writes are guarded by the key's ModifyIndex, which also guards locks: taking, giving back and losing a lock each
 * change it (agent/consul/state/kvs.go, kvsLockTxn; session.go), so a key that was not locked at the index seen is
 * not locked when the write is done.
 */
export async function writeAll(
  connection: Connection,
  limits: Limits,
  writes: AsyncIterable<readonly Write[]>,
  options: WriteOptions,
): Promise<void> {
  const refuse = (write: Write): boolean => {
    const guard = isUint64(write.seen) ? undefined : `the index seen is no number: ${write.seen}`;
    const reason = guard ?? (write.op === 'set' ? refusalOf(write.record, limits) : refusalOfKey(write.key));
    if (reason !== undefined) options.onOutcome(write, 'refused', reason);
    return reason !== undefined;
  };
  const batches = batchesOf(writes, limits, refuse);
  await sendInLanes(
    batches,
    lanes,
    options.signal,
    (signal) => createWriter(connection, limits, { signal, onOutcome: options.onOutcome }).send,
  );
}

function createWriter(connection: Connection, limits: Limits, { signal, onOutcome }: WriteOptions) {
  async function send(batch: Batch): Promise<void> {
    if (batch.kind === 'transaction') return sendTransaction(batch.items);
    const { write } = batch;
    const reason = await sendAlone(write);
    if (reason === undefined) return;
    if (fitsTransaction(write.record, limits)) await sendTransaction([itemOf(write)]);
    else onOutcome(write, 'refused', reason);
  }

  async function sendTransaction(items: readonly Item[]): Promise<void> {
    let rest = items;
    while (rest.length > 0) {
      const sent = rest;
      const answer = await patiently(signal, () =>
        connection.inTurn(signal, (server) => transact(server, sent, limits, signal)),
      );
      if (answer.kind === 'tooLarge') return sendSmaller(sent);
      if (answer.kind === 'done') {
        for (const { write } of sent) onOutcome(write, 'done');
        return;
      }
      const { reasons } = answer;
      await settle(
        sent.flatMap(({ write }, position) => {
          const reason = reasons.get(position);
          return reason === undefined ? [] : [{ write, reason }];
        }),
      );
      rest = sent.filter((_, position) => !reasons.has(position));
    }
  }

  async function sendSmaller(items: readonly Item[]): Promise<void> {
    const [only] = items;
    if (items.length > 1 || only === undefined) {
      for (const part of splitItems(items, limits)) await sendTransaction(part);
      return;
    }
    const { write } = only;
    const reason =
      write.op === 'set' ? await sendAlone(write) : 'the server takes no transaction with this key';
    if (reason !== undefined) onOutcome(write, 'refused', reason);
  }

  /** A value as the body of a request. Gives why the server takes none like it; otherwise its outcome has been told. */
  async function sendAlone(write: Extract<Write, { op: 'set' }>): Promise<string | undefined> {
    const { record, seen } = write;
    const key = record.key.toString('utf8');
    const reason = refusalOf(record, limits);
    if (reason !== undefined) return reason;
    if (!fitsPath(key)) return 'the server takes no transaction with this value';
    const path = `${kvPath(key)}?cas=${seen}&flags=${record.attributes.flags ?? '0'}`;
    const body = record.value ?? Buffer.alloc(0);
    const { status, text } = await patiently(signal, () =>
      connection.inTurn(signal, (server) => put(server, path, body, signal)),
    );
    if (status !== 200) return `the server answered ${status}: ${text.trim().slice(0, 300)}`;
    if (text.trim() === 'true') onOutcome(write, 'done');
    else await settle([{ write, reason: 'index is stale' }]);
    return undefined;
  }

  /** Tells of writes that Consul did not do. Where a guard no longer holds, the live key decides. */
  async function settle(failed: readonly { write: Write; reason: string }[]): Promise<void> {
    const stale = failed.filter(({ reason }) => isStale(reason)).map(({ write }) => write);
    for (const { write, reason } of failed) if (!isStale(reason)) onOutcome(write, 'refused', reason);
    const live = await patiently(signal, () =>
      connection.inTurn(signal, (server) => lookUp(server, stale.map(keyOf), signal)),
    );
    for (const write of stale) {
      const found = live.get(keyOf(write).toString('utf8'));
      const asWanted =
        write.op === 'set' ? found !== undefined && sameContent(found, write.record) : found === undefined;
      const outcome: Outcome = asWanted ? 'already' : 'conflict';
      onOutcome(write, outcome, asWanted ? undefined : 'changed since the plan');
    }
  }

  return { send };
}

/** What Consul says to one value. Versions differ in which names they refuse, and whether as 400 or as 500. */
async function put(server: Server, path: string, body: Buffer, signal: AbortSignal) {
  try {
    return await ask(server, { method: 'PUT', path, body, signal }, [200, 400, 413]);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.details.badName !== true) throw error;
    return { status: 500, text: error.message };
  }
}
