import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { startsWith } from '../mapping.ts';
import { decodeBase64 } from './base64.ts';

/**
 * Reads the JSON array of `/v1/kv/?recurse` from its bytes, cut anywhere. `JSON.parse` cannot serve: it wants the
 * whole, which is as large as the store, and rounds the 64-bit numbers.
 */
export interface Scanner {
  /** Takes the next bytes and appends the records that are complete now. */
  push(chunk: Buffer, records: KeyRecord[]): void;
  /** Takes the end of the bytes. @throws StreamBroken where the array has not ended. */
  end(records: KeyRecord[]): void;
  /** Keys in which the server replaced bytes: how many, and at most 20 as it shows them. They are not among the records. */
  readonly replaced: { readonly count: number; readonly examples: readonly string[] };
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const fields = ['LockIndex', 'Key', 'Flags', 'Value', 'Session', 'CreateIndex', 'ModifyIndex'] as const;
type Field = (typeof fields)[number];
/** By the first byte of the name, which differs in all of them. */
const fieldByFirstByte: ({ readonly field: Field; readonly name: Buffer } | undefined)[] = Array.from(
  { length: 256 },
  (_, byte) => {
    const field = fields.find((name) => name.charCodeAt(0) === byte);
    return field === undefined ? undefined : { field, name: Buffer.from(`"${field}"`) };
  },
);

/** The object being read needs bytes that have not come yet. One instance: it is thrown once a chunk. */
const incomplete = new Error('incomplete');
const noFlags = Object.freeze({ flags: '0' });

/**
 * @param source for messages: `Consul at http://…`
 * @param prefix keys that do not start with it are passed over
 */
export function createScanner(source: string, prefix: Buffer): Scanner {
  let state: 'before' | 'first' | 'next' | 'after' = 'before';
  let bytes: Buffer = Buffer.alloc(0);
  let position = 0;
  let end = 0;
  /** Where in the answer `bytes` begins, for messages. */
  let offset = 0;

  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  /** An object larger than a chunk is tried again only when there is twice as much of it: linear in the whole. */
  let wanted = 1;

  const prefixText = prefix.toString();
  const replaced = { count: 0, examples: [] as string[] };

  function malformed(): HoldfastError {
    const place = `byte ${offset + position}`;
    return new HoldfastError(
      'StreamBroken',
      `${source} gives something that is no list of keys (at ${place}).`,
    );
  }

  /** The next byte that is not white space; `position` stays on it. */
  function peek(): number {
    while (position < end) {
      const byte = bytes[position] ?? 0;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      position++;
    }
    throw incomplete;
  }

  function expect(wantedByte: number): void {
    if (peek() !== wantedByte) throw malformed();
    position++;
  }

  /** Passes over a string and gives where its closing quote stands; `escaped` tells of backslashes in it. */
  let escaped = false;
  function string(): number {
    expect(quote);
    escaped = false;
    let at = position;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === quote) return at;
      if (byte === backslash) {
        escaped = true;
        at++;
      }
    }
    throw incomplete;
  }

  let lastNumber = 0;
  let lastDigits = '0';
  /** A whole number as decimal digits. The last one is kept: keys written together have the same index. */
  function number(): string {
    peek();
    const start = position;
    let at = position;
    let sum = 0;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x30 || byte > 0x39) break;
      sum = sum * 10 + byte - 0x30;
    }
    if (at >= end) throw incomplete;
    if (at === start || (bytes[start] === 0x30 && at > start + 1)) throw malformed();
    position = at;
    if (sum > Number.MAX_SAFE_INTEGER) return bytes.toString('latin1', start, at);
    if (sum !== lastNumber) {
      lastNumber = sum;
      lastDigits = String(sum);
    }
    return sum === 0 ? '0' : lastDigits;
  }

  function literal(text: 'null' | 'true' | 'false'): void {
    if (position + text.length > end) throw incomplete;
    if (bytes.toString('latin1', position, position + text.length) !== text) throw malformed();
    position += text.length;
  }

  function unescape(close: number): string {
    try {
      const text: unknown = JSON.parse(`"${bytes.toString('utf8', position, close)}"`);
      if (typeof text === 'string') return text;
    } catch {
      // Told below.
    }
    throw malformed();
  }

  let keyReplaced = false;
  /**
   * Go writes a byte that is not UTF-8 as the six characters `\ufffd`, and a U+FFFD that stands in the key as its
   * three bytes (encoding/json, appendString), so the two can be told apart.
   */
  function key(): Buffer {
    const close = string();
    let result: Buffer;
    if (escaped) {
      const text = unescape(close);
      keyReplaced =
        !text.isWellFormed() || /(?<!\\)(?:\\\\)*\\ufffd/i.test(bytes.toString('utf8', position, close));
      result = Buffer.from(text, 'utf8');
    } else {
      keyReplaced = false;
      result = bytes.subarray(position, close);
    }
    position = close + 1;
    return result;
  }

  function value(): Buffer | null {
    if (peek() !== quote) {
      literal('null');
      return null;
    }
    const start = position + 1;
    // Base64 has neither quotes nor backslashes: the native search passes over large values.
    const close = bytes.indexOf(quote, start);
    if (close === -1 || close >= end) throw incomplete;
    const decoded = decodeBase64(bytes, start, close);
    if (decoded === undefined) throw malformed();
    position = close + 1;
    return decoded;
  }

  function text(): string {
    const close = string();
    const result = escaped ? unescape(close) : bytes.toString('utf8', position, close);
    position = close + 1;
    return result;
  }

  /** Passes over the value of a field that we do not know (Consul Enterprise: `Namespace`, `Partition`). */
  function skip(): void {
    const first = peek();
    if (first === quote) {
      position = string() + 1;
    } else if (first === openBrace || first === openBracket) {
      skipNested();
    } else if (first === 0x6e) {
      literal('null');
    } else if (first === 0x74) {
      literal('true');
    } else if (first === 0x66) {
      literal('false');
    } else {
      number();
    }
  }

  function skipNested(): void {
    let depth = 0;
    do {
      const byte = peek();
      if (byte === quote) {
        position = string();
      } else if (byte === openBrace || byte === openBracket) {
        depth++;
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--;
      }
      position++;
    } while (depth > 0);
  }

  function fieldName(): Field | undefined {
    if (peek() !== quote) throw malformed();
    if (position + 1 >= end) throw incomplete;
    const known = fieldByFirstByte[bytes[position + 1] ?? 0];
    if (known !== undefined) {
      const { name } = known;
      if (position + name.length > end) throw incomplete;
      let at = 0;
      while (at < name.length && bytes[position + at] === name[at]) at++;
      if (at === name.length) {
        position += at;
        return known.field;
      }
    }
    position = string() + 1;
    return undefined;
  }

  function object(): KeyRecord {
    let keyOf: Buffer | undefined;
    let valueOf: Buffer | null | undefined;
    let flags: string | undefined;
    let createIndex: string | undefined;
    let modifyIndex: string | undefined;
    let lockIndex: string | undefined;
    let session: string | undefined;

    expect(openBrace);
    for (;;) {
      const field = fieldName();
      expect(colon);
      switch (field) {
        case 'Key':
          keyOf = key();
          break;
        case 'Value':
          valueOf = value();
          break;
        case 'Flags':
          flags = number();
          break;
        case 'CreateIndex':
          createIndex = number();
          break;
        case 'ModifyIndex':
          modifyIndex = number();
          break;
        case 'LockIndex':
          lockIndex = number();
          break;
        case 'Session':
          session = text();
          break;
        case undefined:
          skip();
      }
      const next = peek();
      position++;
      if (next === closeBrace) break;
      if (next !== comma) throw malformed();
    }
    if (
      keyOf === undefined ||
      valueOf === undefined ||
      flags === undefined ||
      createIndex === undefined ||
      modifyIndex === undefined ||
      lockIndex === undefined
    ) {
      throw malformed();
    }
    return {
      key: keyOf,
      value: valueOf,
      attributes: flags === '0' ? noFlags : { flags },
      meta:
        session === undefined
          ? { createIndex, modifyIndex, lockIndex }
          : { createIndex, modifyIndex, lockIndex, session },
    };
  }

  /** Reads what is complete in `bytes`; afterwards `position` stands before the first thing that is not. */
  function scan(records: KeyRecord[]): void {
    let complete = position;
    try {
      for (;;) {
        const byte = peek();
        if (state === 'after') throw malformed();
        if (state === 'before') {
          expect(openBracket);
          state = 'first';
        } else if (byte === closeBracket) {
          position++;
          state = 'after';
        } else {
          if (state === 'next') expect(comma);
          const record = object();
          if (keyReplaced) noteReplaced(record.key.toString());
          else if (prefix.length === 0 || startsWith(record.key, prefix)) records.push(record);
          state = 'next';
        }
        complete = position;
      }
    } catch (error) {
      if (error !== incomplete) throw error;
      position = complete;
    }
  }

  function noteReplaced(shown: string): void {
    if (!shown.startsWith(prefixText)) return;
    replaced.count++;
    if (replaced.examples.length < 20) replaced.examples.push(shown);
  }

  function scanWaiting(records: KeyRecord[]): void {
    offset += position;
    bytes = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting);
    end = bytes.length;
    position = 0;
    scan(records);
    const rest = bytes.subarray(position);
    waiting = rest.length === 0 ? [] : [rest];
    waitingBytes = rest.length;
    wanted = Math.max(1, 2 * rest.length);
  }

  return {
    push(chunk, records) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= wanted) scanWaiting(records);
    },
    end(records) {
      if (waitingBytes > 0) scanWaiting(records);
      if (state !== 'after') {
        throw new HoldfastError('StreamBroken', `${source} broke off in the middle of the list of keys.`);
      }
    },
    replaced,
  };
}
