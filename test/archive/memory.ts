import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import type { ByteSource } from '../../archive/archive.ts';
import { writeRecords } from '../../archive/writer.ts';
import type { Content, DataObject } from '../../workflows/contract/manifest.ts';
import type { KeyRecord, RecordBatches } from '../../workflows/contract/record.ts';
import { lent } from '../lent.ts';

/** A stored object in memory, and what a reader did with it. */
export interface MemoryObject {
  readonly source: ByteSource;
  /** Bytes asked for so far. */
  readonly asked: () => number;
  /** Reads that have been begun and neither ended nor been let go. */
  readonly open: () => number;
}

/** Gives the bytes in small pieces. Where a range goes beyond them it just ends, as a careless storage would. */
export function inMemory(bytes: Buffer, piece = 1000): MemoryObject {
  let asked = 0;
  let open = 0;
  async function* read(start: number, end: number): AsyncGenerator<Buffer> {
    open += 1;
    try {
      for (let at = start; at < Math.min(end, bytes.length); at += piece) {
        await Promise.resolve();
        yield Buffer.from(bytes.subarray(at, Math.min(at + piece, end)));
      }
    } finally {
      open -= 1;
    }
  }
  return {
    source: (range = { start: 0, end: bytes.length }) => {
      asked += range.end - range.start;
      return read(range.start, range.end);
    },
    asked: () => asked,
    open: () => open,
  };
}

/** All bytes of a stream of which each piece is gone when the next one comes. */
export async function gathered(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces, (piece) => Buffer.from(piece)));
}

export interface Stored {
  readonly bytes: Buffer;
  readonly object: DataObject;
  readonly content: Content;
}

/** Writes records as the one batch after the other, which are gone when the next one comes. */
export async function store(
  batches: readonly (readonly KeyRecord[])[],
  recipients: readonly string[] = [],
): Promise<Stored> {
  const writing = writeRecords(lent(each(batches)), { recipients });
  const bytes = await gathered(writing.bytes);
  const suffix = recipients.length > 0 ? '.age' : '';
  const name = `20261122T041500Z/records.ndjson.zst${suffix}`;
  const object = { name, format: 'records.ndjson', ...writing.sealed() } as const;
  return { bytes, object, content: writing.content() };
}

export async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

export async function allRecords(records: RecordBatches): Promise<readonly KeyRecord[]> {
  return (await Array.fromAsync(records)).flat();
}

/** A record as text: Jest compares buffers byte by byte, which takes half a minute for a few megabytes. */
export function comparable({ key, value, attributes, meta }: KeyRecord): string {
  const sorted = (pairs: object): unknown => Object.entries(pairs).sort();
  return JSON.stringify([
    key.toString('hex'),
    value?.toString('hex') ?? null,
    sorted(attributes),
    sorted(meta),
  ]);
}

export function record(key: string | Buffer, value: string | Buffer | null, flags = '0'): KeyRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    attributes: { flags },
    meta: { modifyIndex: '7' },
  };
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
/** Text with what breaks text: NUL, line separators, U+FFFD, a noncharacter, a byte order mark, NFD. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\0',
        '\u2028',
        '\ufffd',
        '\uffff',
        '\ufeff',
        'e\u0301',
        '\u00e9',
        '"',
        '\\',
        '\\u0041',
        ',"meta":{',
        '\n',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.from(parts.join('')));
export const anyBytes = fc.oneof(bytes, text);

const names = fc
  .oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'flags', '10', '9', 'a"b', 'größe'),
    fc.string(),
  )
  .filter((name) => !['key', 'keyBase64', 'text', 'base64', 'meta'].includes(name));
const pairs = fc
  .array(fc.tuple(names, fc.string({ unit: 'binary' })), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));

export const anyRecord: fc.Arbitrary<KeyRecord> = fc.record({
  key: anyBytes,
  value: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: anyBytes }),
  attributes: pairs,
  meta: pairs,
});

/** Records as a store gives them: in ascending order of key, no key twice. */
export const anyRecords = fc
  .uniqueArray(anyRecord, { selector: ({ key }) => key.toString('hex'), maxLength: 30 })
  .map((records) => records.toSorted((a, b) => Buffer.compare(a.key, b.key)));

/** Text that hardly compresses, always the same: frames of archives that are as large as they look. */
export function noise(seed: number, length: number): string {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(seed);
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), start);
  return cipher.update(Buffer.alloc(length)).toString('base64').slice(0, length);
}
