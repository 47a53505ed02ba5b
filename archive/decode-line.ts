import type { KeyRecord } from '../workflows/contract/record.ts';
import { LineScan, type Pairs, unescape } from './scan-line.ts';

/** Makes records of lines, from their bytes. */
export interface LineReader {
  /** The record of the line that starts here; undefined where it has another form than the one that is written. */
  read(line: Buffer, start: number): KeyRecord | undefined;
  /** Of the last line that was read: where its restorable fields ended, and where its newline stands. */
  readonly fieldsEnd: number;
  readonly lineEnd: number;
}

export function createLineReader(): LineReader {
  const scan = new LineScan();
  // Keys that were written together have the same indexes.
  let lastMeta: Buffer | undefined;
  let meta: Pairs = {};

  function valueOf(line: Buffer): Buffer | null {
    if (scan.value === 'null') return null;
    if (scan.value === 'base64') return scan.decoded;
    return unescape(line, scan.valueStart, scan.valueEnd, scan.valueEscapes);
  }

  function metaOf(line: Buffer): Pairs {
    const bytes = line.subarray(scan.metaStart, scan.metaEnd);
    if (lastMeta?.equals(bytes) === true) return meta;
    lastMeta = bytes;
    // Strings only, as the scan has shown.
    meta = JSON.parse(bytes.toString()) as Pairs;
    return meta;
  }

  return {
    read(line, start) {
      if (!scan.scan(line, start)) return undefined;
      const key = unescape(line, scan.keyStart, scan.keyEnd, scan.keyEscapes);
      return { key, value: valueOf(line), attributes: scan.attributes, meta: metaOf(line) };
    },
    get fieldsEnd() {
      return scan.fieldsEnd;
    },
    get lineEnd() {
      return scan.lineEnd;
    },
  };
}
