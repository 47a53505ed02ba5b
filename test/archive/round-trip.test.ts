import { createHash } from 'node:crypto';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { readLines, readRecords } from '../../archive/reader.ts';
import { encodeFields } from '../../archive/record.ts';
import { writeLines } from '../../archive/writer.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import {
  allRecords,
  anyRecords,
  comparable,
  each,
  inMemory,
  noise,
  record,
  store,
  type Stored,
  gathered,
} from './memory.ts';

const address = 's3://bucket/job/20261122T041500Z/records.ndjson.zst';
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

async function readBack({ bytes, object, content }: Stored, identities: readonly string[] = []) {
  const reading = readRecords(inMemory(bytes).source, object, { identities, address, content });
  return { records: await allRecords(reading.records), content: reading.content() };
}

/** Cut into batches of changing size. */
function inBatches(records: readonly KeyRecord[], size: number): readonly (readonly KeyRecord[])[] {
  return Array.from({ length: Math.ceil(records.length / size) }, (_, index) =>
    records.slice(index * size, (index + 1) * size),
  );
}

const manyRecords = Array.from({ length: 3000 }, (_, index) =>
  record(`key/${String(index).padStart(6, '0')}`, noise(index, 1000)),
);

test.each([
  ['plain', [], []],
  ['with age', [recipient], [identity]],
])('records come back as they were, %s', async (_, recipients, identities) => {
  await fc.assert(
    fc.asyncProperty(anyRecords, fc.integer({ min: 1, max: 10 }), async (records, size) => {
      const stored = await store(inBatches(records, size), recipients);
      const back = await readBack(stored, identities);
      expect(back.records.map(comparable)).toEqual(records.map(comparable));
      expect(back.content).toEqual(stored.content);
      expect(stored.object.storedBytes).toBe(stored.bytes.length);
      expect(stored.object.storedSha256).toBe(sha256(stored.bytes));
    }),
    { numRuns: 60 },
  );
});

test('many frames, compressed at once, come back in order', async () => {
  const stored = await store(inBatches(manyRecords, 700));
  expect(stored.bytes.length).toBeGreaterThan(2_000_000);
  expect((await readBack(stored)).records.map(comparable)).toEqual(manyRecords.map(comparable));
});

test('the bytes depend on the records alone, not on their batches', async () => {
  const one = await store(inBatches(manyRecords, 3000));
  const other = await store(inBatches(manyRecords, 11));
  expect(other.bytes.equals(one.bytes)).toBe(true);
});

test('batches come in a few hundred kilobytes', async () => {
  const { bytes, object } = await store([manyRecords]);
  const { records } = readRecords(inMemory(bytes).source, object, { identities: [], address });
  for await (const batch of records) expect(batch.length).toBeLessThan(500);
});

test('no records at all are an archive too', async () => {
  const stored = await store([]);
  expect(stored.bytes.toString('hex')).toBe('5e2a4d1809000000' + '00000000' + '80' + 'b1ea928f');
  expect(await readBack(stored)).toEqual({
    records: [],
    content: { records: 0, bytes: 0, digest: sha256('') },
  });
});

test('a record larger than a frame has a frame to itself', async () => {
  const records = [
    record('a', 'small'),
    record('b', noise(1, 3_000_000)),
    record('c', Buffer.alloc(2_000_000, 0xff)),
  ];
  const back = await readBack(await store([records]));
  expect(back.records.map(comparable)).toEqual(records.map(comparable));
});

test('the content digest covers keys, attributes and values, and not meta', async () => {
  const of = record('app/x', 'hello');
  const { content } = await store([[of]]);
  expect(content).toEqual({ records: 1, bytes: 10, digest: sha256(`${encodeFields(of)}}\n`) });
  const digests = new Set([content.digest]);
  for (const other of [record('app/y', 'hello'), record('app/x', 'hellO'), record('app/x', 'hello', '1')]) {
    digests.add((await store([[other]])).content.digest);
  }
  digests.add((await store([[{ ...of, meta: { modifyIndex: '8' } }]])).content.digest);
  expect(digests.size).toBe(4);
});

test.each([
  ['descending', ['b', 'a']],
  ['equal', ['a', 'a']],
])('keys in %s order are refused by the writer, by name', async (_, keys) => {
  await expect(store([keys.map((key) => record(key, 'v'))])).rejects.toMatchObject({
    code: 'Defect',
    message: expect.stringContaining('"a"') as string,
  });
});

test('keys out of order are refused by the reader, by name', async () => {
  const lines = ['b', 'a'].map((key) => `{"key":"${key}","text":"v","meta":{}}\n`).join('');
  const writing = writeLines(each([Buffer.from(lines)]), { recipients: [] });
  const bytes = await gathered(writing.bytes);
  const object = { name: 'x', format: 'records.ndjson', ...writing.sealed() } as const;
  const reading = readRecords(inMemory(bytes).source, object, { identities: [], address });
  await expect(allRecords(reading.records)).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringMatching(/^s3:\/\/bucket.* has the key "a" after "b"/) as string,
  });
});

test('another content than the manifest tells is refused', async () => {
  const stored = await store([[record('a', 'v')]]);
  const content = { ...stored.content, digest: '0'.repeat(64) };
  await expect(readBack({ ...stored, content })).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
  await expect(readBack({ ...stored, content: { ...stored.content, records: 2 } })).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringContaining('should hold 2') as string,
  });
});

test('lines come back by size and digest alone', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) =>
    Buffer.from(`{"op":"add","key":"${noise(index, 400)}"}\n`),
  );
  const writing = writeLines(each(lines), { recipients: [recipient] });
  const bytes = await gathered(writing.bytes);
  const { plainSha256 } = writing.sealed();
  const facts = { compression: 'zstd', encryption: 'age', storedBytes: bytes.length, plainSha256 } as const;
  const back = await Array.fromAsync(
    readLines(inMemory(bytes).source, facts, { identities: [identity], address }),
  );
  expect(back.length).toBeGreaterThan(1);
  for (const part of back) expect(part.at(-1)).toBe(0x0a);
  expect(Buffer.concat(back).equals(Buffer.concat(lines))).toBe(true);
});

test('a line without its newline is refused when it is written', async () => {
  const writing = writeLines(each([Buffer.from('{}')]), { recipients: [] });
  await expect(Array.fromAsync(writing.bytes)).rejects.toMatchObject({ code: 'Defect' });
});

test('a line that no reader would take is refused when it is written', async () => {
  const writing = writeLines(each([Buffer.alloc(64 * 1024 * 1024 + 1, '\n')]), { recipients: [] });
  await expect(Array.fromAsync(writing.bytes)).rejects.toMatchObject({ code: 'Unrestorable' });
});

test('nothing is sealed before its end', () => {
  const writing = writeLines(each([Buffer.from('{}\n')]), { recipients: [] });
  expect(() => writing.sealed()).toThrow(expect.objectContaining({ code: 'Defect' }) as Error);
});

function sha256(of: Buffer | string): string {
  return createHash('sha256').update(of).digest('hex');
}
