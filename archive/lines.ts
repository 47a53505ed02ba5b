import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { decodeRecord } from './record.ts';
import type { Refusal } from './refusal.ts';

/** Characters of lines that make one batch of records. */
const batchTarget = 1 << 18;

/** The records of whole lines, in batches of about a quarter of a megabyte. */
export function* decodeBatches(plain: Buffer, refuse: Refusal): Generator<readonly KeyRecord[]> {
  const text = textOf(plain, refuse);
  let batch: KeyRecord[] = [];
  let batchStart = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    batch.push(decodeRecord(text.slice(start, end), refuse));
    start = end + 1;
    if (start - batchStart >= batchTarget) {
      yield batch;
      batch = [];
      batchStart = start;
    }
  }
  if (batch.length > 0) yield batch;
}

/** The key of the first line. */
export function firstKey(plain: Buffer, refuse: Refusal): Buffer {
  const text = textOf(plain.subarray(0, plain.indexOf(0x0a) + 1), refuse);
  return decodeRecord(text.slice(0, -1), refuse).key;
}

function textOf(plain: Buffer, refuse: Refusal): string {
  // Decoding would put U+FFFD in the place of what is not UTF-8.
  if (plain.at(-1) !== 0x0a || !isUtf8(plain)) throw refuse('holds something else than lines of UTF-8 text');
  return plain.toString();
}
