import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { encodeAttributes, encodePairs } from './record.ts';

/** Lines one after the other, in memory that is used again. */
export interface LineWriter {
  /** Appends the line of a record: the very bytes of `encodeFields` and `encodeMeta`, without strings in between. */
  add(record: KeyRecord): void;
  /** Where the restorable fields of the last line start and end. */
  readonly fieldsStart: number;
  readonly fieldsEnd: number;
  /** All lines; their memory is written over by the next `add` after a `clear`. */
  readonly bytes: Buffer;
  readonly length: number;
  clear(): void;
}

/** The letter behind the backslash, for each byte that cannot stand in a JSON string as it is. */
const escapes = new Uint8Array(256);
escapes.fill(0x75, 0, 0x20);
for (const pair of ['""', '\\\\', '\bb', '\ff', '\nn', '\rr', '\tt']) {
  escapes[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
const backslash = 0x5c;
const hex = Buffer.from('0123456789abcdef');
/** An escaped byte takes six. */
const mostExpansion = 6;

const head = Buffer.from('{"key":"');
const base64Head = Buffer.from('{"keyBase64":"');
const text = Buffer.from(',"text":"');
const base64 = Buffer.from(',"base64":"');
const nullText = Buffer.from(',"text":null');

export function createLineWriter(): LineWriter {
  let bytes = Buffer.allocUnsafeSlow(1 << 20);
  let length = 0;
  let fieldsStart = 0;
  let fieldsEnd = 0;
  let lastAttributes: KeyRecord['attributes'] | undefined;
  let attributesText = '';

  function reserve(more: number): void {
    if (length + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length + more, bytes.length + (bytes.length >> 1)));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  }

  function put(source: Buffer): void {
    const { length: size } = source;
    for (let at = 0; at < size; at++) bytes[length + at] = source[at] ?? 0;
    length += size;
  }

  function putText(content: string): void {
    reserve(3 * content.length);
    length += bytes.write(content, length);
  }

  /** A name, a JSON string and its quotes where the source is UTF-8; the other name and base64 where it is not. */
  function putBytes(name: Buffer, otherName: Buffer, source: Buffer): void {
    reserve(name.length + otherName.length + mostExpansion * source.length + 2);
    const start = length;
    put(name);
    const end = escapeInto(bytes, length, source);
    if (end < 0 && !isUtf8(source)) {
      length = start;
      put(otherName);
      length += bytes.write(source.toString('base64'), length, 'latin1');
    } else {
      length = Math.abs(end);
    }
    bytes[length++] = 0x22;
  }

  return {
    add({ key, value, attributes, meta }) {
      fieldsStart = length;
      putBytes(head, base64Head, key);
      if (attributes !== lastAttributes) {
        lastAttributes = attributes;
        attributesText = encodeAttributes(attributes);
      }
      putText(attributesText);
      if (value === null) {
        reserve(nullText.length);
        put(nullText);
      } else {
        putBytes(text, base64, value);
      }
      fieldsEnd = length;
      putText(`,"meta":{${encodePairs(meta).slice(1)}}}\n`);
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
    clear() {
      length = 0;
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
