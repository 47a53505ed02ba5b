import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import { createCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { mapRecords, sameContent } from './mapping.ts';

/** One side of a comparison. `source` names it in an error; `disorder` is that error's code. */
export interface Side {
  readonly records: RecordBatches;
  readonly source: string;
  readonly disorder: 'ArchiveCorrupt' | 'StreamBroken';
}

/** A key that the two sides do not both have, or not with the same value and attributes. */
export type Difference =
  | { readonly op: 'added'; readonly after: KeyRecord }
  | { readonly op: 'removed'; readonly before: KeyRecord }
  | { readonly op: 'changed'; readonly before: KeyRecord; readonly after: KeyRecord };

export interface DifferenceCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly equal: number;
}

export interface Comparing {
  /** In ascending order of key, in batches, each of which may be read until the next one is asked for. */
  readonly differences: AsyncIterable<readonly Difference[]>;
  /** Complete once `differences` has ended. */
  readonly counts: () => DifferenceCounts;
}

/** Merges two sorted sides in step, of the keys under `prefix`. Memory is one batch of each. */
export function compareRecords(before: Side, after: Side, prefix: string): Comparing {
  const counts = { added: 0, changed: 0, removed: 0, equal: 0 };

  async function* differences(): AsyncGenerator<readonly Difference[]> {
    const [one, other] = [open(before, prefix), open(after, prefix)];
    let batch: Difference[] = [];
    try {
      for (;;) {
        if (one.needsLoad || other.needsLoad) {
          if (batch.length > 0) yield batch;
          batch = [];
          await Promise.all([one.load(), other.load()]);
        }
        const found = next(one, other);
        if (found === undefined) break;
        if (found === 'equal') counts.equal++;
        else {
          counts[found.op]++;
          batch.push(found);
        }
      }
      if (batch.length > 0) yield batch;
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  }

  return { differences: differences(), counts: () => ({ ...counts }) };
}

function open({ records, source, disorder }: Side, prefix: string): Cursor {
  return createCursor(mapRecords(records, { from: prefix, to: prefix }), source, disorder);
}

function next(one: Cursor, other: Cursor): Difference | 'equal' | undefined {
  const { record: before } = one;
  const { record: after } = other;
  if (before === undefined && after === undefined) return undefined;
  if (after === undefined || (before !== undefined && Buffer.compare(before.key, after.key) < 0)) {
    one.advance();
    return before && { op: 'removed', before };
  }
  other.advance();
  if (before === undefined || Buffer.compare(before.key, after.key) > 0) return { op: 'added', after };
  one.advance();
  return sameContent(before, after) ? 'equal' : { op: 'changed', before, after };
}
