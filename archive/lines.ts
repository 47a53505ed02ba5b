import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../workflows/contract/record.ts';
import type { ContentTally } from './content.ts';
import { createLineReader } from './decode-line.ts';
import { decodeRecord, encodeFields } from './record.ts';
import type { Refusal } from './refusal.ts';
import { LineScan } from './scan-line.ts';

/** Bytes of lines that make one batch of records. */
const batchTarget = 1 << 18;

export interface LineDecoding {
  readonly tally: ContentTally;
  readonly refuse: Refusal;
  /** Records for which it does not hold are left out, and not tallied. */
  readonly wanted?: (record: KeyRecord) => boolean;
}

/** Makes whole lines into tallied records, in batches of about a quarter of a megabyte. Only one frame at a time. */
export function createLineDecoder({ tally, refuse, wanted = () => true }: LineDecoding) {
  const reader = createLineReader();

  function take(record: KeyRecord, fields: Buffer, start: number, end: number, batch: KeyRecord[]): void {
    if (!wanted(record)) return;
    tally.add(record, fields, start, end);
    batch.push(record);
  }

  return function* decode(plain: Buffer): Generator<readonly KeyRecord[]> {
    requireText(plain, refuse);
    let batch: KeyRecord[] = [];
    let batchStart = 0;
    for (let start = 0; start < plain.length;) {
      const record = reader.read(plain, start);
      if (record !== undefined) {
        take(record, plain, start, reader.fieldsEnd, batch);
        start = reader.lineEnd + 1;
      } else {
        const other = readSlowly(plain, start, refuse);
        take(other.record, other.fields, 0, other.fields.length, batch);
        start = other.lineEnd + 1;
      }
      if (start - batchStart >= batchTarget) {
        if (batch.length > 0) yield batch;
        batch = [];
        batchStart = start;
      }
    }
    if (batch.length > 0) yield batch;
  };
}

/**
 * Tallies whole lines without making records of them, which takes a third of the time. It refuses and counts what
 * `createLineDecoder` does.
 */
export function createLineChecker({ tally, refuse }: Pick<LineDecoding, 'tally' | 'refuse'>) {
  const scan = new LineScan();
  return function check(plain: Buffer): void {
    requireText(plain, refuse);
    for (let start = 0; start < plain.length;) {
      if (scan.scan(plain, start)) {
        tally.addScanned(scan, plain, start);
        start = scan.lineEnd + 1;
      } else {
        const { record, fields, lineEnd } = readSlowly(plain, start, refuse);
        tally.add(record, fields, 0, fields.length);
        start = lineEnd + 1;
      }
    }
  };
}

/** A line of any form; the content digest covers its fields as we would have written them. */
function readSlowly(
  plain: Buffer,
  start: number,
  refuse: Refusal,
): { readonly record: KeyRecord; readonly fields: Buffer; readonly lineEnd: number } {
  const lineEnd = plain.indexOf(0x0a, start);
  const record = decodeRecord(plain.toString('utf8', start, lineEnd), refuse);
  return { record, fields: Buffer.from(encodeFields(record)), lineEnd };
}

/** The key of the first line. */
export function firstKey(plain: Buffer, refuse: Refusal): Buffer {
  const line = plain.subarray(0, plain.indexOf(0x0a) + 1);
  requireText(line, refuse);
  return decodeRecord(line.toString('utf8', 0, line.length - 1), refuse).key;
}

function requireText(plain: Buffer, refuse: Refusal): void {
  // Decoding would put U+FFFD in the place of what is not UTF-8.
  if (plain.at(-1) !== 0x0a || !isUtf8(plain)) throw refuse('holds something else than lines of UTF-8 text');
}
