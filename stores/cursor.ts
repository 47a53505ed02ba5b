import { HoldfastError } from '../workflows/contract/errors.ts';
import type { ErrorCode } from '../workflows/contract/errors.ts';
import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';

/**
 * Walks through batches record by record. A batch is awaited only where the one before is used up, so that a merge
 * of millions of records is no chain of millions of promises:
 *
 *     if (cursor.needsLoad) await cursor.load();
 *     const record = cursor.record;   // undefined: the end
 */
export interface Cursor {
  readonly needsLoad: boolean;
  readonly record: KeyRecord | undefined;
  load(): Promise<void>;
  advance(): void;
  close(): Promise<void>;
}

/** A source out of order would turn a merge into wrong removals; it is refused with `disorder`, naming the source. */
export function createCursor(
  batches: RecordBatches,
  source: string,
  disorder: Extract<ErrorCode, 'ArchiveCorrupt' | 'StreamBroken'>,
): Cursor {
  const iterator = batches[Symbol.asyncIterator]();
  let batch: readonly KeyRecord[] = [];
  let position = 0;
  let ended = false;
  let previous: Buffer | undefined;

  return {
    get needsLoad() {
      return !ended && position >= batch.length;
    },
    get record() {
      return batch[position];
    },
    async load() {
      while (!ended && position >= batch.length) {
        const next = await iterator.next();
        ended = next.done === true;
        batch = next.done === true ? [] : next.value;
        position = 0;
        for (const { key } of batch) {
          if (previous !== undefined && Buffer.compare(previous, key) >= 0) {
            throw new HoldfastError(
              disorder,
              `${source} gives keys out of order at ${JSON.stringify(key.toString())}.`,
            );
          }
          previous = key;
        }
        // The batch may be freed when the next one is asked for.
        previous &&= Buffer.from(previous);
      }
    },
    advance() {
      position++;
    },
    async close() {
      batch = [];
      if (!ended) {
        ended = true;
        await iterator.return?.();
      }
    },
  };
}
