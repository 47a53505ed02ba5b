import type { Write } from '../store.ts';
import { goesAlone } from './limits.ts';
import type { Limits } from './limits.ts';
import { deleteOperations, setOperation } from './operation.ts';

/** A write with its operations as JSON; a deletion has two. */
export interface Item {
  readonly write: Write;
  readonly operations: readonly string[];
  /** Of the operations' JSON, with a comma after each. */
  readonly bytes: number;
}

/** What is sent as one request: a transaction, or one large value alone. */
export type Batch =
  | { readonly kind: 'transaction'; readonly items: readonly Item[] }
  | { readonly kind: 'alone'; readonly write: Extract<Write, { op: 'set' }> };

/** Fills transactions up to the limits, which are read anew for each. Writes for which `refuse` holds are left out. */
export async function* batchesOf(
  writes: AsyncIterable<readonly Write[]>,
  limits: Limits,
  refuse: (write: Write) => boolean,
): AsyncGenerator<Batch, undefined> {
  const filling = createFilling(limits);
  for await (const some of writes) {
    for (const write of some) {
      if (refuse(write)) continue;
      if (write.op === 'set' && goesAlone(write.record, limits)) {
        yield { kind: 'alone', write };
        continue;
      }
      const full = filling.add(itemOf(write));
      if (full.length > 0) yield { kind: 'transaction', items: full };
    }
  }
  const last = filling.take();
  if (last.length > 0) yield { kind: 'transaction', items: last };
}

/** The items of a transaction that was too large, as more than one that fits the limits known now. */
export function splitItems(items: readonly Item[], limits: Limits): readonly (readonly Item[])[] {
  const filling = createFilling(limits);
  const parts = items.map((item) => filling.add(item)).filter((full) => full.length > 0);
  const rest = filling.take();
  if (parts.length > 0) return [...parts, rest];
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)];
}

function createFilling(limits: Limits) {
  let items: Item[] = [];
  let bytes = 0;
  let operations = 0;

  function take(): readonly Item[] {
    const taken = items;
    items = [];
    bytes = '[]'.length;
    operations = 0;
    return taken;
  }
  take();

  /** Adds an item. Gives the items before it where there is no more room for it, else none. */
  function add(item: Item): readonly Item[] {
    const fits =
      operations + item.operations.length <= limits.operations && bytes + item.bytes <= limits.body;
    const full = fits ? [] : take();
    items.push(item);
    bytes += item.bytes;
    operations += item.operations.length;
    return full;
  }

  return { add, take };
}

export function itemOf(write: Write): Item {
  const operations =
    write.op === 'set' ? [setOperation(write.record, write.seen)] : deleteOperations(write.key, write.seen);
  const bytes = operations.reduce((sum, operation) => sum + Buffer.byteLength(operation) + 1, 0);
  return { write, operations, bytes };
}

export function keyOf(write: Write): Buffer {
  return write.op === 'set' ? write.record.key : write.key;
}
