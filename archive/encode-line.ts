import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { free } from '../workflows/contract/memory.ts';
import type { PlainFrame } from './frames.ts';
import { encodePairs, refuseReserved } from './record.ts';

/** Writes lines one after the other. */
export interface LineWriter {
  /** Appends the line of a record: the very bytes of `encodeFields` and `encodeMeta`, without strings in between. */
  add(record: KeyRecord): void;
  /** Where the restorable fields of the last line start and end. */
  readonly fieldsStart: number;
  readonly fieldsEnd: number;
  /** All lines since the last `take`, and what comes behind them. */
  readonly bytes: Buffer;
  readonly length: number;
  /** Takes all lines away; the next ones are written into other memory. */
  take(): Required<PlainFrame>;
  /** Frees all memory, that of frames when they are released. Nothing may be added any more. */
  close(): void;
}

/** Room for a frame of ordinary lines; memory that had to grow beyond the other bound is not kept. */
const usualMemory = 3 << 19;
const mostKept = 1 << 22;

/** The letter behind the backslash, for each byte that cannot stand in a JSON string as it is. */
const escapes = new Uint8Array(256);
escapes.fill(0x75, 0, 0x20);
for (const pair of ['""', '\\\\', '\bb', '\ff', '\nn', '\rr', '\tt']) {
  escapes[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBrace = 0x7b;
const hex = Buffer.from('0123456789abcdef');
/** An escaped byte takes six. */
const mostExpansion = 6;

const head = Buffer.from('{"key":"');
const base64Head = Buffer.from('{"keyBase64":"');
const text = Buffer.from(',"text":"');
const base64 = Buffer.from(',"base64":"');
const nullText = ',"text":null';
const metaHead = ',"meta":';
const lineEnd = Buffer.from('}}\n');

export function createLineWriter(): LineWriter {
  const unused: Buffer<ArrayBuffer>[] = [];
  let bytes = Buffer.allocUnsafeSlow(usualMemory);
  let length = 0;
  let fieldsStart = 0;
  let fieldsEnd = 0;
  let closed = false;

  function reserve(more: number): void {
    if (length + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length + more, bytes.length + (bytes.length >> 1)));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  }

  function putText(content: string): void {
    reserve(3 * content.length);
    length += bytes.write(content, length);
  }

  /** Behind one name the inside of a JSON string where the source is UTF-8, else behind the other one base64. */
  function putBytes(name: Buffer, otherName: Buffer, source: Buffer): void {
    reserve(otherName.length + mostExpansion * source.length + 1);
    const start = length + copyInto(bytes, length, name);
    const end = escapeInto(bytes, start, source);
    if (end < 0 && !isUtf8(source)) {
      length += copyInto(bytes, length, otherName);
      length += bytes.write(source.toString('base64'), length, 'latin1');
    } else {
      length = Math.abs(end);
    }
    bytes[length++] = quote;
  }

  /** `,"a":"1","b":"2"`, as `encodePairs` gives it. */
  function putPairs(pairs: Readonly<Record<string, string>>): void {
    const end = plainPairsInto(pairs);
    if (end < 0) putText(encodePairs(pairs));
    else length = end;
  }

  /** Where the pairs end if they are sorted and plain ASCII, as nearly all are; else -1. */
  function plainPairsInto(pairs: Readonly<Record<string, string>>): number {
    let at = length;
    let previous = '';
    for (const name in pairs) {
      const value = pairs[name] ?? '';
      if (name < previous) return -1;
      previous = name;
      reserve(at - length + name.length + value.length + 6);
      bytes[at++] = comma;
      at = plainInto(bytes, at, name);
      if (at < 0) return -1;
      bytes[at++] = colon;
      at = plainInto(bytes, at, value);
      if (at < 0) return -1;
    }
    return at;
  }

  return {
    add({ key, value, attributes, meta }) {
      fieldsStart = length;
      putBytes(head, base64Head, key);
      refuseReserved(attributes);
      putPairs(attributes);
      if (value === null) putText(nullText);
      else putBytes(text, base64, value);
      fieldsEnd = length;
      putText(metaHead);
      const commaAt = length;
      putPairs(meta);
      // The first pair has a comma before it, where the brace belongs.
      if (length === commaAt) length++;
      reserve(3);
      bytes[commaAt] = openBrace;
      length += copyInto(bytes, length, lineEnd);
    },
    get fieldsStart() {
      return fieldsStart;
    },
    get fieldsEnd() {
      return fieldsEnd;
    },
    get bytes() {
      return bytes;
    },
    get length() {
      return length;
    },
    take() {
      const memory = bytes;
      const lines = bytes.subarray(0, length);
      bytes = unused.pop() ?? Buffer.allocUnsafeSlow(usualMemory);
      length = 0;
      return {
        bytes: lines,
        release: () => {
          if (memory.length <= mostKept && !closed) unused.push(memory);
          else free(memory);
        },
      };
    },
    close() {
      closed = true;
      free(bytes);
      for (const memory of unused.splice(0)) free(memory);
    },
  };
}

/** Writes the source as the inside of a JSON string; gives where it ends, negated where there is more than ASCII. */
function escapeInto(target: Buffer, start: number, source: Buffer): number {
  let at = start;
  let seen = 0;
  for (let index = 0; index < source.length; index++) {
    const byte = source[index] ?? 0;
    const letter = escapes[byte] ?? 0;
    seen |= byte;
    if (letter === 0) {
      target[at++] = byte;
      continue;
    }
    target[at++] = backslash;
    target[at++] = letter;
    if (letter === 0x75) {
      target[at++] = 0x30;
      target[at++] = 0x30;
      target[at++] = hex[byte >> 4] ?? 0;
      target[at++] = hex[byte & 15] ?? 0;
    }
  }
  return seen < 0x80 ? at : -at;
}

/** Gives how many bytes there were. */
function copyInto(target: Buffer, start: number, source: Buffer): number {
  for (let at = 0; at < source.length; at++) target[start + at] = source[at] ?? 0;
  return source.length;
}

/** Writes a text in quotes and gives where it ends; -1 where it is not plain ASCII. */
function plainInto(target: Buffer, start: number, content: string): number {
  let at = start;
  target[at++] = quote;
  for (let index = 0; index < content.length; index++) {
    const code = content.charCodeAt(index);
    if (code >= 0x80 || escapes[code] !== 0) return -1;
    target[at++] = code;
  }
  target[at++] = quote;
  return at;
}
