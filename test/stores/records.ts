import type { KeyRecord, RecordBatches } from '../../workflows/contract/record.ts';

/** A record of a made-up store; `index` is its ModifyIndex. */
export function record(
  key: string | Buffer,
  value: string | null,
  index = '0',
  flags = '0',
  session?: string,
): KeyRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    attributes: { flags },
    meta: session === undefined ? { modifyIndex: index } : { modifyIndex: index, session },
  };
}

export interface Source {
  readonly records: RecordBatches;
  readonly pulled: () => number;
  readonly closed: () => boolean;
}

/** Gives records in order, in batches of these sizes in turn (0 is an empty batch), and notes how it is used. */
export function source(records: readonly KeyRecord[], sizes: readonly number[] = [3]): Source {
  const sorted = [...records].sort((one, other) => Buffer.compare(one.key, other.key));
  let at = 0;
  let batch = 0;
  let closed = false;
  return {
    pulled: () => at,
    closed: () => closed,
    records: {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await Promise.resolve();
          if (at >= sorted.length) {
            closed = true;
            return { done: true, value: undefined };
          }
          const size = sizes[batch % sizes.length] ?? 1;
          batch++;
          const value = sorted.slice(at, at + size);
          at += size;
          return { done: false, value };
        },
        return: () => {
          closed = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    },
  };
}
