import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readPrefix } from '../../archive/prefix.ts';
import { checkRecords, readLines, readRecords } from '../../archive/reader.ts';
import { allRecords, comparable, inMemory, record, store, type Stored } from './memory.ts';

const address = 's3://bucket/job/20261122T041500Z/records.ndjson.zst';
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

const records = [
  record('app/a', 'hello'),
  record('app/b', null),
  record('app/c', Buffer.from([0, 255])),
  record('app/d', 'x'.repeat(500)),
];
const kinds: readonly (readonly [name: string, stored: Stored, identities: readonly string[]])[] = [
  ['plain', await store([records]), []],
  ['with age', await store([records], [recipient]), [identity]],
  ['of no records', await store([]), []],
];

const refused = {
  code: 'ArchiveCorrupt',
  message: expect.stringContaining(address) as string,
};

/** What a consumer got, and how the reading ended. */
async function read(bytes: Buffer, { object, content }: Stored, identities: readonly string[]) {
  const memory = inMemory(bytes, 64);
  const reading = readRecords(memory.source, object, { identities, address, content });
  let given = 0;
  let error: unknown;
  try {
    for await (const batch of reading.records) given += batch.length;
  } catch (caught) {
    error = caught;
  }
  // Checking alone ends the same way, in the same words.
  const checking = inMemory(bytes, 64);
  const options = { identities, address, content };
  const checked: unknown = await checkRecords(checking.source, object, options, () => undefined).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(String(checked)).toBe(String(error));
  return { given, error, open: memory.open() + checking.open() };
}

describe.each(kinds)('an archive %s', (_, stored, identities) => {
  const { bytes, object } = stored;

  test('is read as long as it is whole', async () => {
    expect(await read(bytes, stored, identities)).toMatchObject({ error: undefined });
  });

  test('is refused with any byte changed, before its last batch is handed on', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ mask, at);
        expect(await read(damaged, stored, identities)).toEqual({
          given: 0,
          error: expect.objectContaining(refused) as unknown,
          open: 0,
        });
      }
    }
  });

  test('is refused at every shorter length, and with anything behind it', async () => {
    for (let length = 0; length < bytes.length; length += 1) {
      const found = await read(bytes.subarray(0, length), stored, identities);
      expect(found).toEqual({ given: 0, error: expect.objectContaining(refused) as unknown, open: 0 });
    }
    for (const more of [Buffer.alloc(1), Buffer.from('\n'), bytes]) {
      const found = await read(Buffer.concat([bytes, more]), stored, identities);
      expect(found).toEqual({ given: 0, error: expect.objectContaining(refused) as unknown, open: 0 });
    }
  });

  test('is refused where the manifest tells something else of it', async () => {
    const wrong = [
      { plainBytes: object.plainBytes + 1 },
      { plainSha256: '0'.repeat(64) },
      { storedSha256: '0'.repeat(64) },
      { storedBytes: object.storedBytes - 1 },
      { storedBytes: object.storedBytes + 1 },
      { compression: 'none' },
    ] as const;
    for (const change of wrong) {
      const found = await read(bytes, { ...stored, object: { ...object, ...change } }, identities);
      expect(found.error).toMatchObject(refused);
      expect(found.given).toBe(0);
    }
  });

  test('never gives wrong records of a prefix, whatever byte is changed', async () => {
    const right = records.filter(({ key }) => key.toString() === 'app/d').map(comparable);
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);
      const { source } = inMemory(damaged, 64);
      const reading = readPrefix(source, object, Buffer.from('app/d'), { identities, address });
      const found = await allRecords(reading.records).then(
        (given) => given.map(comparable),
        (error: unknown) => error,
      );
      if (Array.isArray(found)) expect(found).toEqual(object.plainBytes === 0 ? [] : right);
      else expect(found).toMatchObject(refused);
    }
  });

  test('is refused in each byte also where its size and plain digest alone are known', async () => {
    const { compression, encryption, storedBytes, plainSha256 } = object;
    const facts = { compression, encryption, storedBytes, plainSha256 };
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);
      const lines = readLines(inMemory(damaged, 64).source, facts, { identities, address });
      await expect(Array.fromAsync(lines)).rejects.toMatchObject({
        code: expect.stringMatching(/^(ArchiveCorrupt|DecryptFailed)$/) as string,
      });
    }
  });
});
