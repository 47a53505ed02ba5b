import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { Write } from '../store.ts';
import { keyOf } from './batches.ts';
import { wordsOf } from './errors.ts';
import { requestOverhead, writeBytes } from './limits.ts';
import type { Limits } from './limits.ts';
import type { RequestOp, TxnRequest } from './messages.ts';
import { recordOf } from './read.ts';
import type { Server } from './server.ts';

/** What etcd says to a transaction. It is done as a whole or, with any `stale` guard or when `tooLarge`, not at all. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'tooLarge' }
  /** The positions of the writes whose guards do not hold. */
  | { readonly kind: 'stale'; readonly positions: ReadonlySet<number> };

/** @param leaseOf the lease that a record is to be bound to. */
export async function transact(
  server: Server,
  writes: readonly Write[],
  leaseOf: (record: KeyRecord) => string | undefined,
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer> {
  let answer;
  try {
    answer = await server.call('KV/Txn', requestOf(writes, leaseOf), signal);
  } catch (error) {
    if (!learnLimits(limits, wordsOf(error), writes)) throw error;
    return { kind: 'tooLarge' };
  }
  if (answer.succeeded) return { kind: 'done' };
  const positions = new Set<number>();
  for (const [position, write] of writes.entries()) {
    const found = answer.responses[position]?.range?.kvs[0]?.modRevision ?? '0';
    if (found !== write.seen) positions.add(position);
  }
  if (positions.size === 0) throw new Error('etcd refused a transaction whose guards all hold');
  return { kind: 'stale', positions };
}

/** A key that is not there has the mod_revision 0. */
function requestOf(writes: readonly Write[], leaseOf: (record: KeyRecord) => string | undefined): TxnRequest {
  return {
    compare: writes.map((write) => ({
      result: 'EQUAL',
      target: 'MOD',
      key: keyOf(write),
      modRevision: write.seen,
    })),
    success: writes.map((write): RequestOp => {
      if (write.op === 'delete') return { deleteRange: { key: write.key } };
      const { key, value } = write.record;
      const lease = leaseOf(write.record);
      const put = { key, value: value ?? Buffer.alloc(0) };
      return { put: lease === undefined ? put : { ...put, lease } };
    }),
    failure: writes.map((write) => ({ range: { key: keyOf(write), keysOnly: true } })),
  };
}

/** The live records of keys, by position; `undefined` where there is none. */
export async function lookUp(
  server: Server,
  keys: readonly Buffer[],
  signal: AbortSignal,
): Promise<readonly (KeyRecord | undefined)[]> {
  const found: (KeyRecord | undefined)[] = [];
  // One by one: values may be large, and guards that no longer hold are few.
  for (const key of keys) {
    const [kv] = (await server.call('KV/Range', { key }, signal)).kvs;
    found.push(kv === undefined ? undefined : recordOf(kv));
  }
  return found;
}

/** etcd does not name the limit that was passed: half of what was sent is tried. False: it was not about limits. */
function learnLimits(limits: Limits, words: string, writes: readonly Write[]): boolean {
  if (words.includes('too many operations')) {
    limits.operations = Math.min(limits.operations, Math.max(1, Math.floor(writes.length / 2)));
    return true;
  }
  if (!/request is too large|larger than max/.test(words)) return false;
  if (writes.length > 1) {
    const bytes = writes.reduce(
      (sum, write) => sum + writeBytes(keyOf(write), write.op === 'set' ? write.record.value : null),
      requestOverhead,
    );
    limits.body = Math.min(limits.body, Math.ceil(bytes / 2));
  }
  return true;
}
