import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Scope } from '../../workflows/contract/manifest.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { patiently } from '../backoff.ts';
import { createOrderCheck } from '../order.ts';
import type { Reading } from '../store.ts';
import type { Connection } from './connection.ts';
import { wordsOf } from './errors.ts';
import { createLeases } from './leases.ts';
import type { LeaseMeta } from './leases.ts';
import type { KeyValue, RangeResponse } from './messages.ts';
import { rangeAfter, rangeOf } from './range.ts';
import type { Range } from './range.ts';

/** Keys of the first page: with values of 1.5 MiB, they still fit an answer. */
const firstLimit = 32;
const mostKeys = 10_000;
const pageBytes = 4 * 1024 * 1024;
const batchBytes = 256 * 1024;
/** What a record weighs beside key and value, so that a batch of tiny records stays small too. */
const recordBytes = 100;

interface Page extends Pick<RangeResponse, 'header' | 'more'> {
  readonly kvs: readonly KeyValue[];
  /** Keys from the start of this page to the end of the range. */
  readonly count: number;
  /** What the page was asked for, after it was made smaller to fit. */
  readonly limit: number;
}

/** What a page is pinned to: that which the header of the first one said. */
interface Pin {
  readonly revision: string;
  readonly clusterId?: string;
}

/**
 * Pages of the keys as they were at one revision: that of the first answer, or a given one. Where etcd has compacted
 * that revision meanwhile, the reading breaks off (`StreamBroken`) and its caller starts over at a new one; two are
 * never mixed.
 *
 * @param snapshot the revision of the snapshot that this etcd was started from. It has given all leases their time
 *   anew and takes their keys away when it is up, which no earlier revision knows of.
 */
export async function openReading(
  connection: Connection,
  scope: Scope,
  signal: AbortSignal,
  snapshot?: Pin,
): Promise<Reading> {
  const range = rangeOf(scope.prefix);
  const leases = createLeases(connection);
  if (snapshot !== undefined) await leases.learnAll(signal);
  const first = await askPage(connection, range, firstLimit, snapshot, signal);
  const pin = { revision: snapshot?.revision ?? first.header.revision, clusterId: first.header.clusterId };
  return {
    moment: { index: pin.revision, consistency: 'point-in-time' },
    records: recordsOf(connection, { range, pin, first }, leases, signal),
    leftOut: () => [],
  };
}

/** @param moment without it, the newest revision is read. */
async function askPage(
  connection: Connection,
  range: Range,
  limit: number,
  moment: Pin | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const at = moment === undefined ? {} : { revision: moment.revision };
  try {
    return await connection.inTurn(signal, async (server) => {
      const answer = await server.call('KV/Range', { ...range, limit, ...at }, signal);
      const { header, kvs, more, count } = answer;
      if (moment?.clusterId !== undefined && header.clusterId !== moment.clusterId) {
        throw new HoldfastError(
          'StoreRefused',
          `etcd at ${server.address} is a member of another cluster than the endpoint that answered before.`,
          { details: { address: server.address, status: 'other cluster' } },
        );
      }
      return { header, kvs, more, count: Number(count), limit };
    });
  } catch (error) {
    if (limit === 1 || !/larger than max/.test(wordsOf(error))) throw error;
    return askPage(connection, range, Math.ceil(limit / 4), moment, signal);
  }
}

/** Pages are pinned, so a reading can wait for the election of a leader; a compaction is for ever. */
function askNextPage(...page: Parameters<typeof askPage>): Promise<Page> {
  const [, , , , signal] = page;
  return patiently(
    signal,
    () => askPage(...page),
    ({ code }) => code === 'StoreUnavailable' || code === 'StoreUnreachable',
  );
}

async function* recordsOf(
  connection: Connection,
  { range, pin, first }: { readonly range: Range; readonly pin: Pin; readonly first: Page },
  leases: ReturnType<typeof createLeases>,
  outer: AbortSignal,
): AsyncGenerator<readonly KeyRecord[], undefined> {
  const left = new AbortController();
  const signal = AbortSignal.any([outer, left.signal]);
  const ordered = createOrderCheck('etcd');
  let next: Promise<Page> | undefined;
  let page: Page | undefined = first;
  let total = 0;
  try {
    while (page !== undefined) {
      signal.throwIfAborted();
      const { kvs, more }: Page = page;
      const last = kvs.at(-1);
      if (more && last === undefined) throw broken('sent an empty page before the end');
      next =
        more && last !== undefined
          ? askNextPage(connection, rangeAfter(range, last.key), nextLimit(page), pin, signal)
          : undefined;
      // It is awaited below; until then, a failure must not count as unhandled.
      next?.catch(() => undefined);

      await leases.learn(kvs, signal);
      for (const batch of batchesOf(kvs, leases.of)) {
        ordered(batch);
        total += batch.length;
        yield batch;
        signal.throwIfAborted();
      }
      page = await next;
    }
    if (total !== first.count) throw broken(`counted ${first.count} keys and gave ${total}`);
  } finally {
    left.abort(new Error('the reading was left'));
  }
}

/** As many keys as fill a page, by the size of those just read; it grows slowly, since the next may be larger. */
function nextLimit({ kvs, limit }: Page): number {
  const bytes = kvs.reduce((sum, kv) => sum + sizeOf(kv), 0);
  const wanted = Math.floor((pageBytes * kvs.length) / Math.max(1, bytes));
  return Math.max(1, Math.min(wanted, limit * 4, mostKeys));
}

function* batchesOf(
  kvs: readonly KeyValue[],
  leaseOf: (id: string) => LeaseMeta | undefined,
): Generator<readonly KeyRecord[]> {
  let batch: KeyRecord[] = [];
  let size = 0;
  for (const kv of kvs) {
    batch.push(recordOf(kv, leaseOf(kv.lease)));
    size += sizeOf(kv);
    if (size < batchBytes) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

/** A lease is meta, not an attribute: it belongs to a living process, and its time runs out while it is read. */
export function recordOf(kv: KeyValue, lease?: LeaseMeta): KeyRecord {
  const { createRevision, modRevision, version } = kv;
  return {
    key: kv.key,
    value: kv.value,
    attributes: {},
    meta: { createRevision, ...lease, modRevision, version },
  };
}

function sizeOf({ key, value }: KeyValue): number {
  return key.length + value.length + recordBytes;
}

function broken(what: string): HoldfastError {
  return new HoldfastError('StreamBroken', `etcd ${what}.`);
}
