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
  /** Copies the next bytes. Where there is no room for them before, the records that are complete are handed over. */
  push(chunk: Buffer): Scanned | undefined;
  /** Takes the end of the bytes. @throws StreamBroken where the array has not ended. */
  end(): Scanned;
  /** Keys in which the server replaced bytes: how many, and at most 20 as it shows them. They are not among the records. */
  readonly replaced: { readonly count: number; readonly examples: readonly string[] };
}

/** Records, and the memory of their keys and values: it is the receiver's, to be freed when nobody reads them. */
export interface Scanned {
  readonly records: readonly KeyRecord[];
  readonly memory: Buffer<ArrayBuffer>;
}

const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * @param source for messages: `Consul at http://…`
 * @param prefix keys that do not start with it are passed over
 * @param room bytes that are taken before they are scanned
 */
export function createScanner(source: string, prefix: Buffer, room = 1 << 17): Scanner {
  const json = new JsonBytes();
  const replaced = { count: 0, examples: [] as string[] };
  let state: 'before' | 'first' | 'next' | 'after' = 'before';
  /** Where in the answer `json.bytes` begins, for messages. */
  let offset = 0;

  let memory = Buffer.allocUnsafeSlow(room);
  let filled = 0;

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

  /** Gives what is complete, with the memory; the rest goes into new memory, with room for so much more. */
  function handOver(more: number): Scanned {
    const records: KeyRecord[] = [];
    json.bytes = memory.subarray(0, filled);
    json.position = 0;
    scan(records);
    const scanned = { records, memory };
    const rest = json.bytes.subarray(json.position);
    // An object larger than the memory is tried again only when there is twice as much of it: linear in the whole.
    memory = Buffer.allocUnsafeSlow(Math.max(room, 2 * rest.length + more));
    filled = rest.copy(memory);
    offset += json.position;
    return scanned;
  }

  function notAList(place: number): HoldfastError {
    const words = `gives something that is no list of keys (at byte ${place}).`;
    return new HoldfastError('StreamBroken', `${source} ${words}`);
  }

  return {
    push(chunk) {
      const scanned = filled + chunk.length > memory.length ? handOver(chunk.length) : undefined;
      filled += chunk.copy(memory, filled);
      return scanned;
    },
    end() {
      const scanned = handOver(0);
      if (state !== 'after') {
        throw new HoldfastError('StreamBroken', `${source} broke off in the middle of the list of keys.`);
      }
      return scanned;
    },
    replaced,
  };
}
