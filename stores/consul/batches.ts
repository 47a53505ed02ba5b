import type { Write } from '../store.ts';
import { fitsTransaction } from './limits.ts';
import type { Limits } from './limits.ts';
import { deleteOperations, setOperation } from './operation.ts';

/** A write with its operations as JSON; a deletion has two. */
export interface Item {
  readonly write: Write;
  readonly operations: readonly string[];
  /** Of the operations' JSON, with a comma after each. */
  readonly bytes: number;
}

/** What is sent as one request: a transaction, or one value too large for it. */
export type Batch =
  | { readonly kind: 'transaction'; readonly items: readonly Item[] }
  | { readonly kind: 'large'; readonly write: Extract<Write, { op: 'set' }> };

/**
 * Fills transactions up to the limits, which are read anew for each. Writes that cannot be sent at all are given to
 * `refuse`.
 */
export async function* batchesOf(
  writes: AsyncIterable<readonly Write[]>,
  limits: Limits,
  refuse: (write: Write) => boolean,
): AsyncGenerator<Batch, undefined> {
  let items: Item[] = [];
  let bytes = '[]'.length;
  let operations = 0;
  for await (const some of writes) {
    for (const write of some) {
      if (refuse(write)) continue;
      if (write.op === 'set' && !fitsTransaction(write.record, limits)) {
        yield { kind: 'large', write };
        continue;
      }
      const item = itemOf(write);
      const full =
        operations + item.operations.length > limits.operations || bytes + item.bytes > limits.body;
      if (full && items.length > 0) {
        yield { kind: 'transaction', items };
        items = [];
        bytes = '[]'.length;
        operations = 0;
      }
      items.push(item);
      bytes += item.bytes;
      operations += item.operations.length;
    }
  }
  if (items.length > 0) yield { kind: 'transaction', items };
}

function itemOf(write: Write): Item {
  const operations =
    write.op === 'set' ? [setOperation(write.record, write.seen)] : deleteOperations(write.key, write.seen);
  const bytes = operations.reduce((sum, operation) => sum + Buffer.byteLength(operation) + 1, 0);
  return { write, operations, bytes };
}

export function keyOf(write: Write): Buffer {
  return write.op === 'set' ? write.record.key : write.key;
}
