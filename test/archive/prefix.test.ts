import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { readPrefix } from '../../archive/prefix.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { allRecords, comparable, inMemory, noise, record, store } from './memory.ts';

const address = 's3://bucket/records.ndjson.zst';
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

/** About 10 frames: 100 folders of 40 keys each. */
const records = Array.from({ length: 4000 }, (_, index) => {
  const folder = String(Math.floor(index / 40)).padStart(3, '0');
  return record(`folder-${folder}/${String(index).padStart(5, '0')}`, noise(index, 2500));
});
const plain = await store([records]);
const encrypted = await store([records], [recipient]);

function withPrefix(all: readonly KeyRecord[], prefix: Buffer): readonly string[] {
  return all.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix)).map(comparable);
}

test.each([
  ['plain', plain, []],
  ['with age', encrypted, [identity]],
])('gives exactly the keys of the prefix, and reads little, %s', async (_, { bytes, object }, identities) => {
  for (const text of [
    'folder-000/',
    'folder-049/',
    'folder-099/',
    'folder-07',
    'folder-063/02530',
    'a',
    'folder-0505',
    'z',
  ]) {
    const memory = inMemory(bytes, 60_000);
    const prefix = Buffer.from(text);
    const reading = readPrefix(memory.source, object, prefix, { identities, address });
    const found = await allRecords(reading.records);
    expect(found.map(comparable)).toEqual(withPrefix(records, prefix));
    expect(reading.content().records).toBe(found.length);
    expect(memory.asked()).toBeLessThan(bytes.length * 0.8);
    expect(memory.open()).toBe(0);
  }
});

test('a prefix of all keys gives all', async () => {
  const { source } = inMemory(plain.bytes, 60_000);
  const reading = readPrefix(source, plain.object, Buffer.from('folder-'), { identities: [], address });
  expect(await allRecords(reading.records)).toHaveLength(records.length);
  expect(reading.content()).toEqual(plain.content);
});

test('an empty prefix reads the whole, with all its checks', async () => {
  const wrong = { ...plain.object, storedSha256: '0'.repeat(64) };
  const { source } = inMemory(plain.bytes, 60_000);
  const reading = readPrefix(source, wrong, Buffer.alloc(0), { identities: [], address });
  await expect(allRecords(reading.records)).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
});

test('keys that are no text, and prefixes that end within a character, are found bytewise', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.uint8Array({ maxLength: 3 }), { selector: (key) => key.toString(), maxLength: 8 }),
      fc.uint8Array({ minLength: 1, maxLength: 2 }),
      async (keys, prefixBytes) => {
        // Every value fills a frame, so the search has frames to search in.
        const all = keys
          .map((key) => record(Buffer.from(key), Buffer.alloc(1 << 20, 'x')))
          .toSorted((a, b) => Buffer.compare(a.key, b.key));
        const { bytes, object } = await store([all]);
        const prefix = Buffer.from(prefixBytes);
        const reading = readPrefix(inMemory(bytes).source, object, prefix, { identities: [], address });
        expect((await allRecords(reading.records)).map(comparable)).toEqual(withPrefix(all, prefix));
      },
    ),
    { numRuns: 6 },
  );
});
