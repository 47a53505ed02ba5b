import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { startsWith } from '../mapping.ts';
import { readEntry } from './entry.ts';
import { incomplete, JsonBytes, malformed } from './json-bytes.ts';

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

const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * @param source for messages: `Consul at http://…`
 * @param prefix keys that do not start with it are passed over
 */
export function createScanner(source: string, prefix: Buffer): Scanner {
  const json = new JsonBytes();
  const replaced = { count: 0, examples: [] as string[] };
  let state: 'before' | 'first' | 'next' | 'after' = 'before';
  /** Where in the answer `json.bytes` begins, for messages. */
  let offset = 0;

  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  /** An object larger than a chunk is tried again only when there is twice as much of it: linear in the whole. */
  let wanted = 1;

  function take(records: KeyRecord[]): void {
    const record = readEntry(json);
    if (json.replaced) noteReplaced(record.key.toString());
    else if (prefix.length === 0 || startsWith(record.key, prefix)) records.push(record);
  }

  function noteReplaced(shown: string): void {
    if (!shown.startsWith(prefix.toString())) return;
    replaced.count++;
    if (replaced.examples.length < 20) replaced.examples.push(shown);
  }

  function step(records: KeyRecord[]): void {
    const byte = json.peek();
    if (state === 'after') throw malformed;
    if (state === 'before') {
      json.expect(openBracket);
      state = 'first';
    } else if (byte === closeBracket) {
      json.position++;
      state = 'after';
    } else {
      if (state === 'next') json.expect(comma);
      take(records);
      state = 'next';
    }
  }

  /** Reads what is complete; afterwards `json.position` stands before the first thing that is not. */
  function scan(records: KeyRecord[]): void {
    let complete = json.position;
    try {
      for (;;) {
        step(records);
        complete = json.position;
      }
    } catch (error) {
      if (error === malformed) throw notAList(offset + json.position);
      if (error !== incomplete) throw error;
      json.position = complete;
    }
  }

  function scanWaiting(records: KeyRecord[]): void {
    offset += json.position;
    json.bytes = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting);
    json.position = 0;
    scan(records);
    const rest = json.bytes.subarray(json.position);
    waiting = rest.length === 0 ? [] : [rest];
    waitingBytes = rest.length;
    wanted = Math.max(1, 2 * rest.length);
  }

  function notAList(place: number): HoldfastError {
    const words = `gives something that is no list of keys (at byte ${place}).`;
    return new HoldfastError('StreamBroken', `${source} ${words}`);
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
