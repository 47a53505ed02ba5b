import type { KeyRecord } from '../workflows/contract/record.ts';
import { isSorted, isStrings, reserved } from './record.ts';

/**
 * Reads lines in the very form in which encode-line.ts writes them, from their bytes. What has any other form is left
 * to `decodeRecord`, which takes whatever JSON means the same, and tells what is wrong with the rest.
 */
export interface LineReader {
  /** The record of the line from `start` to before its newline at `end`; undefined where it has another form. */
  read(line: Buffer, start: number, end: number): KeyRecord | undefined;
  /** Where the restorable fields of the last line ended. */
  readonly fieldsEnd: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const head = Buffer.from('{"key":"');
const text = Buffer.from(',"text":');
const nullValue = Buffer.from('null');
const metaName = Buffer.from(',"meta":');

/** The byte that a letter behind a backslash stands for. `\u` and what is never written are left to `decodeRecord`. */
const unescaped = new Uint8Array(256);
for (const pair of ['""', '\\\\', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  unescaped[pair.charCodeAt(0)] = pair.charCodeAt(1);
}

type Pairs = Readonly<Record<string, string>>;

export function createLineReader(): LineReader {
  let fieldsEnd = 0;
  /** Where the last string ended: behind its closing quote. */
  let stringEnd = 0;
  // Neighbours mostly have the same attributes and, where they were written together, the same indexes.
  const attributesOf = createRepeated((json) => canonicalAttributes(`{${json.slice(1)}}`));
  const metaOf = createRepeated(pairsIn);

  /** The bytes of the JSON string whose content starts at `start`. */
  function readString(line: Buffer, start: number, end: number): Buffer | undefined {
    let escapes = 0;
    let at = start;
    for (; at < end; at++) {
      const byte = line[at] ?? 0;
      if (byte === quote) break;
      if (byte < 0x20) return undefined;
      if (byte === backslash) {
        if (unescaped[line[++at] ?? 0] === 0) return undefined;
        escapes++;
      }
    }
    if (at >= end) return undefined;
    stringEnd = at + 1;
    return escapes === 0 ? line.subarray(start, at) : unescape(line, start, at, escapes);
  }

  function readValue(line: Buffer, start: number, end: number): Buffer | null | undefined {
    if (line[start] === quote) return readString(line, start + 1, end);
    if (!isAt(line, start, nullValue)) return undefined;
    stringEnd = start + nullValue.length;
    return null;
  }

  return {
    read(line, start, end) {
      if (!isAt(line, start, head)) return undefined;
      const key = readString(line, start + head.length, end);
      if (key === undefined) return undefined;
      const textAt = attributesEnd(line, stringEnd, end);
      const attributes = textAt < 0 ? undefined : attributesOf(line, stringEnd, textAt);
      if (attributes === undefined) return undefined;
      const value = readValue(line, textAt + text.length, end);
      if (value === undefined || !isAt(line, stringEnd, metaName)) return undefined;
      fieldsEnd = stringEnd;
      const meta = metaOf(line, fieldsEnd + metaName.length, end - 1);
      return meta && { key, value, attributes, meta };
    },
    get fieldsEnd() {
      return fieldsEnd;
    },
  };
}

/** Where `,"text":` stands behind members of plain strings; -1 where something else does. */
function attributesEnd(line: Buffer, start: number, end: number): number {
  let at = start;
  while (!isAt(line, at, text)) {
    if (line[at] !== comma) return -1;
    at = plainStringEnd(line, at + 1, end);
    if (at < 0 || line[at] !== colon) return -1;
    at = plainStringEnd(line, at + 1, end);
    if (at < 0) return -1;
  }
  return at;
}

/** Behind the closing quote of a string without escapes that opens at `start`; -1 where there is none. */
function plainStringEnd(line: Buffer, start: number, end: number): number {
  if (line[start] !== quote) return -1;
  for (let at = start + 1; at < end; at++) {
    const byte = line[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte === backslash) return -1;
  }
  return -1;
}

/** Parses a stretch of a line, or gives what the one before meant where its bytes are the same. */
function createRepeated(parse: (json: string) => Pairs | undefined) {
  let lastBytes: Buffer = Buffer.alloc(0);
  let last: Pairs | undefined;
  return (line: Buffer, start: number, end: number): Pairs | undefined => {
    if (last !== undefined && end - start === lastBytes.length && isAt(line, start, lastBytes)) return last;
    lastBytes = line.subarray(start, end);
    last = parse(lastBytes.toString());
    return last;
  };
}

/** The digest of the content covers the bytes as they stand, so they must be the ones that are written for it. */
function canonicalAttributes(json: string): Pairs | undefined {
  const pairs = pairsIn(json);
  if (pairs === undefined || !isSorted(pairs)) return undefined;
  if (JSON.stringify(pairs) !== json) return undefined;
  return Object.keys(pairs).some((name) => reserved.has(name)) ? undefined : pairs;
}

function pairsIn(json: string): Pairs | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return isStrings(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function unescape(line: Buffer, start: number, end: number, escapes: number): Buffer {
  const result = Buffer.allocUnsafe(end - start - escapes);
  let to = 0;
  for (let at = start; at < end; at++) {
    const byte = line[at] ?? 0;
    result[to++] = byte === backslash ? (unescaped[line[++at] ?? 0] ?? 0) : byte;
  }
  return result;
}

function isAt(line: Buffer, start: number, bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (line[start + at] !== bytes[at]) return false;
  }
  return true;
}
