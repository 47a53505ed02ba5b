import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readBytes, writeBytes } from '../../archive/bytes.ts';
import type { DataObject } from '../../workflows/contract/manifest.ts';
import { each, inMemory, noise, gathered } from './memory.ts';

const address = 's3://bucket/job/20261122T041500Z/snapshot.db.zst';
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

async function store(chunks: readonly Buffer[], recipients: readonly string[] = []) {
  const writing = writeBytes(each(chunks), { recipients });
  const stored = await gathered(writing.bytes);
  const object: DataObject = {
    name: '20261122T041500Z/snapshot.db.zst',
    format: 'snapshot.db',
    ...writing.sealed(),
  };
  return { stored, object };
}

function pieces(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

const large = Buffer.from(noise(1, 2_500_001));

test.each([
  ['plain', [], []],
  ['with age', [recipient], [identity]],
])('a file comes back as it was, %s', async (_, recipients, identities) => {
  for (const bytes of [Buffer.alloc(0), Buffer.from([0]), large]) {
    const { stored, object } = await store(pieces(bytes, 32_768), recipients);
    const back = await Array.fromAsync(
      readBytes(inMemory(stored, 65_000).source, object, { identities, address }),
    );
    expect(Buffer.concat(back).equals(bytes)).toBe(true);
    expect(object).toMatchObject({ plainBytes: bytes.length, plainSha256: sha256(bytes) });
    expect(object).toMatchObject({ storedBytes: stored.length, storedSha256: sha256(stored) });
  }
});

test('the memory of a frame is used again only when the frame has been written', async () => {
  // More frames than are under way at once.
  const bytes = Buffer.from(noise(2, 12_000_001));
  const { stored } = await store(pieces(bytes, 100_000));
  expect(zstdDecompressSync(stored).equals(bytes)).toBe(true);
});

test.each([
  ['plain', []],
  ['with age', [recipient]],
])('what was written is freed when the next piece is asked for, %s', async (_, recipients) => {
  const lengths: number[] = [];
  const { bytes } = writeBytes(each(pieces(large, 32_768)), { recipients });
  const given = await Array.fromAsync(bytes, (piece) => {
    lengths.push(piece.length);
    return piece;
  });
  const frames = given.filter((_piece, index) => (lengths[index] ?? 0) > 400_000);
  expect(frames).not.toHaveLength(0);
  expect(frames.every((piece) => piece.length === 0)).toBe(true);
});

test('what was read is freed once its frames are there, and no sooner', async () => {
  const { stored, object } = await store(pieces(large, 32_768));
  const given: Buffer[] = [];
  async function* source() {
    for (const piece of pieces(stored, 900_000)) {
      const own = Buffer.allocUnsafeSlow(piece.length);
      piece.copy(own);
      given.push(own);
      yield await Promise.resolve(own);
    }
  }
  const ranged = inMemory(stored).source;
  const back = await Array.fromAsync(
    readBytes((range) => (range === undefined ? source() : ranged(range)), object, {
      identities: [],
      address,
    }),
  );
  expect(Buffer.concat(back).equals(large)).toBe(true);
  expect(given[0]).toHaveLength(0);
});

test('the frames do not depend on the pieces in which a file comes', async () => {
  const whole = await store([large]);
  const inPieces = await store(pieces(large, 7_777));
  expect(inPieces.object).toEqual(whole.object);
  expect(inPieces.stored.equals(whole.stored)).toBe(true);
});

test('a plain zstd decoder gives the file', async () => {
  const { stored } = await store(pieces(large, 32_768));
  expect(zstdDecompressSync(stored).equals(large)).toBe(true);
});

test('the last buffer is handed on only when everything is proven', async () => {
  const { stored, object } = await store(pieces(large, 32_768));
  const other = { ...object, plainSha256: '0'.repeat(64) };
  let given = 0;
  const reading = async () => {
    for await (const plain of readBytes(inMemory(stored, 65_000).source, other, { identities: [], address }))
      given += plain.length;
  };
  await expect(reading()).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
  expect(given).toBe(2 * 1_048_576);
});

test('an error of the source ends the writing, so that nothing of it is stored', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield* each(pieces(large, 32_768));
    throw new Error('the stream broke off');
  }
  const writing = writeBytes(broken(), { recipients: [] });
  await expect(Array.fromAsync(writing.bytes)).rejects.toThrow('the stream broke off');
  expect(writing.sealed).toThrow('before its end');
});

describe('the golden snapshots', () => {
  const golden = new URL('golden/', import.meta.url);
  const text = (name: string): string => readFileSync(new URL(name, golden), 'utf8');
  const listed = (name: string) => JSON.parse(text(name)) as Record<string, { readonly object: DataObject }>;
  const ofEtcd = listed('snapshots-1.json');
  const ofConsul = listed('consul-snapshots-1.json');
  const objects = { ...ofEtcd, ...ofConsul };
  const identities = [text('identity-for-tests.txt').trim()];

  async function read(stored: Buffer, name: string): Promise<Buffer> {
    const object = objects[name]?.object;
    if (object === undefined) throw new Error(`No list knows ${name}.`);
    const options = { identities, address };
    return Buffer.concat(await Array.fromAsync(readBytes(inMemory(stored, 512).source, object, options)));
  }

  test.each(Object.keys(ofConsul))(
    '%s is read, and is a gzip whose tar begins with meta.json',
    async (name) => {
      const file = await read(readFileSync(new URL(name, golden)), name);
      expect(gunzipSync(file).toString('latin1', 0, 9)).toBe('meta.json');
    },
  );

  test.each(Object.keys(ofEtcd))('%s is read, and ends with the digest that etcd gave it', async (name) => {
    const file = await read(readFileSync(new URL(name, golden)), name);
    expect(file.length % 512).toBe(32);
    expect(file.subarray(-32).toString('hex')).toBe(sha256(file.subarray(0, -32)));
  });

  test.each(Object.keys(objects))('%s is refused with a byte changed', async (name) => {
    const stored = readFileSync(new URL(name, golden));
    for (let at = 0; at < stored.length; at += name.startsWith('consul') ? 17 : 1) {
      const damaged = Buffer.from(stored);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);
      await expect(read(damaged, name)).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
    }
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
