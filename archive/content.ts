import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Content } from '../workflows/contract/manifest.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { createDigest } from './digest.ts';
import type { Refusal } from './refusal.ts';
import { type LineScan, unescape } from './scan-line.ts';

/**
 * Counts and digests records on their way: the same for what is written and for what is read back. What was added is
 * gathered until `settle`, which is called once a frame.
 */
export interface ContentTally {
  /** Takes the next record, with its restorable fields as encoded: the bytes from `start` to before `end`. */
  add(record: KeyRecord, bytes: Buffer, start: number, end: number): void;
  /** The same for the record of a line that was scanned and starts here. */
  addScanned(scan: LineScan, line: Buffer, start: number): void;
  /** Of the records so far. */
  counts(): Counts;
  settle(): Promise<void>;
  /** Copies the last key. Called before the memory of what was added is used for something else or freed. */
  keep(): void;
  /** Nothing may be added any more. */
  finish(): Promise<Content>;
  /** Valid once `finish` has ended. */
  content(): Content;
}

/** Records, and bytes of their keys and values. */
export type Counts = Pick<Content, 'records' | 'bytes'>;

/** Bytes for which there is room at first, and for which it is kept: more than an ordinary frame has. */
const firstRoom = 1 << 14;
const keptRoom = 1 << 22;
const lineEnd = Buffer.from('}\n');

/** @param refuseOrder makes the error for a key that does not come after its predecessor, bytewise. */
export function createContentTally(refuseOrder: (key: Buffer, after: Buffer) => HoldfastError): ContentTally {
  const digest = createDigest();
  let waiting = Buffer.allocUnsafeSlow(firstRoom);
  let filled = 0;
  let content: Content | undefined;
  /** The last key: these bytes from `start` to before `end`. */
  let previous: Buffer | undefined;
  let previousStart = 0;
  let previousEnd = 0;
  let records = 0;
  let bytes = 0;

  function follow(source: Buffer, start: number, end: number): void {
    if (previous !== undefined && compare(previous, previousStart, previousEnd, source, start, end) >= 0) {
      throw refuseOrder(source.subarray(start, end), previous.subarray(previousStart, previousEnd));
    }
    previous = source;
    previousStart = start;
    previousEnd = end;
  }

  function take(source: Buffer, start: number, end: number): void {
    const needed = filled + end - start;
    if (needed > waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * waiting.length));
      waiting.copy(larger, 0, 0, filled);
      waiting = larger;
    }
    filled += source.copy(waiting, filled, start, end);
  }

  async function settle(): Promise<void> {
    await digest.update(waiting.subarray(0, filled));
    filled = 0;
    // One huge record is no reason to keep so much.
    if (waiting.length > keptRoom) waiting = Buffer.allocUnsafeSlow(firstRoom);
  }

  return {
    add({ key, value }, line, start, end) {
      follow(key, 0, key.length);
      records += 1;
      bytes += key.length + (value?.length ?? 0);
      take(line, start, end);
      take(lineEnd, 0, lineEnd.length);
    },
    addScanned(scan, line, start) {
      const { keyStart, keyEnd, keyEscapes } = scan;
      if (keyEscapes === 0) follow(line, keyStart, keyEnd);
      else follow(unescape(line, keyStart, keyEnd, keyEscapes), 0, keyEnd - keyStart - keyEscapes);
      records += 1;
      bytes += scan.bytes;
      take(line, start, scan.fieldsEnd);
      take(lineEnd, 0, lineEnd.length);
    },
    counts: () => ({ records, bytes }),
    settle,
    keep() {
      previous &&= Buffer.from(previous.subarray(previousStart, previousEnd));
      previousEnd -= previousStart;
      previousStart = 0;
    },
    async finish() {
      await settle();
      content = { records, bytes, digest: await digest.hex() };
      return content;
    },
    content() {
      if (content === undefined) throw new HoldfastError('Defect', 'Records were counted before their end.');
      return content;
    },
  };
}

/** The tally of what is read back: keys out of order are refused. */
export function createReadTally(refuse: Refusal): ContentTally {
  return createContentTally((key, after) => refuse(`has the key ${nameKey(key)} after ${nameKey(after)}`));
}

/** A key for messages: as JSON text where it is UTF-8, and bounded. */
export function nameKey(key: Buffer): string {
  const text = JSON.stringify(key.toString());
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${key.length} bytes)`;
}

/** As `Buffer.compare`, without a native call for each key. */
function compare(a: Buffer, aStart: number, aEnd: number, b: Buffer, bStart: number, bEnd: number): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let at = 0; at < length; at++) {
    const difference = (a[aStart + at] ?? 0) - (b[bStart + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}
