import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { openHeader, sealHeader } from '../../archive/age/header.ts';
import { coverOf, decryptChunks, encryptChunks, plainSize } from '../../archive/age/stream.ts';
import { readRecords } from '../../archive/reader.ts';
import { refusalOf } from '../../archive/refusal.ts';
import { allRecords, each, inMemory, record, store } from './memory.ts';

const address = 's3://bucket/x.age';
const refuse = refusalOf(address);
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

const chunk = 64 * 1024;
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 5 * chunk + 17];

async function encrypt(plain: Buffer, piece: number): Promise<Buffer> {
  const { bytes, payloadKey } = await sealHeader([recipient]);
  return Buffer.concat([bytes, ...(await Array.fromAsync(encryptChunks(pieces(plain, piece), payloadKey)))]);
}

async function decrypt(sealed: Buffer, from: number, to: number): Promise<Buffer> {
  const header = await openHeader(sealed, [identity], refuse);
  if (header === undefined) throw new Error('The identity does not fit.');
  const payload = sealed.subarray(header.payloadStart);
  const cover = coverOf(from, to, payload.length);
  const chunks = pieces(payload.subarray(cover.start, cover.end), 9999);
  const plain = await Array.fromAsync(
    decryptChunks(chunks, header.payloadKey, cover.firstChunk, payload.length, refuse),
  );
  return Buffer.concat(plain).subarray(cover.skip, cover.skip + to - from);
}

function pieces(bytes: Buffer, piece: number): AsyncGenerator<Buffer> {
  return each(
    Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
      bytes.subarray(i * piece, (i + 1) * piece),
    ),
  );
}

test.each(sizes)('%i bytes encrypted here are decrypted by age-encryption', async (size) => {
  const plain = randomBytes(size);
  for (const piece of [1000, chunk, 200_000]) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const back = await decrypter.decrypt(await encrypt(plain, piece));
    expect(Buffer.from(back).equals(plain)).toBe(true);
  }
});

test.each(sizes)('%i bytes encrypted by age-encryption are decrypted here', async (size) => {
  const plain = randomBytes(size);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const sealed = Buffer.from(await encrypter.encrypt(plain));
  expect((await decrypt(sealed, 0, size)).equals(plain)).toBe(true);
});

test('any range is decrypted by its chunks alone', async () => {
  const plain = randomBytes(3 * chunk + 100);
  const sealed = await encrypt(plain, 50_000);
  for (const [from, to] of [
    [0, 1],
    [chunk - 1, chunk],
    [chunk, chunk + 1],
    [chunk - 1, 2 * chunk + 1],
    [3 * chunk, 3 * chunk + 100],
    [10, plain.length],
  ] as const) {
    expect((await decrypt(sealed, from, to)).equals(plain.subarray(from, to))).toBe(true);
  }
});

test('a payload cut at the end of a chunk is refused', async () => {
  const sealed = await encrypt(randomBytes(2 * chunk + 5), chunk);
  const cut = sealed.subarray(0, sealed.length - 5 - 16);
  await expect(decrypt(cut, 0, 2 * chunk)).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
});

test('sizes that no payload can have are refused', () => {
  const sealed = chunk + 16;
  for (const size of [0, 1, 15, sealed + 1, sealed + 15, sealed + 16, 2 * sealed + 16]) {
    expect(() => plainSize(size, refuse)).toThrow(
      expect.objectContaining({ code: 'ArchiveCorrupt' }) as Error,
    );
  }
  expect([16, 17, sealed, sealed + 17].map((size) => plainSize(size, refuse))).toEqual([
    0,
    1,
    chunk,
    chunk + 1,
  ]);
});

test('every recipient can open, each with its own identity', async () => {
  const other = await generateX25519Identity();
  const stored = await store([[record('a', 'v')]], [recipient, await identityToRecipient(other)]);
  for (const identities of [[identity], [other], [await generateX25519Identity(), other]]) {
    const { source } = inMemory(stored.bytes);
    const { records } = readRecords(source, stored.object, { identities, address, content: stored.content });
    expect(await allRecords(records)).toHaveLength(1);
  }
});

test('the same records are never encrypted with the same key', async () => {
  const one = await store([[record('a', 'v')]], [recipient]);
  const other = await store([[record('a', 'v')]], [recipient]);
  expect(other.object.storedSha256).not.toBe(one.object.storedSha256);
  expect(other.object.plainSha256).toBe(one.object.plainSha256);
});

describe('an identity that does not open', () => {
  const storing = store([[record('a', 'v')]], [recipient]);

  async function open(identities: readonly string[]): Promise<unknown> {
    const { bytes, object } = await storing;
    const reading = readRecords(inMemory(bytes).source, object, { identities, address });
    return allRecords(reading.records).catch((error: unknown) => error);
  }

  test('is told as such, with the address', async () => {
    expect(await open([await generateX25519Identity()])).toMatchObject({
      code: 'DecryptFailed',
      message: expect.stringContaining(address) as string,
    });
  });

  test('is told where there is none', async () => {
    expect(await open([])).toMatchObject({ code: 'DecryptFailed' });
  });

  test('is not quoted where it is malformed', async () => {
    const secret = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    for (const malformed of [secret, `# comment ${secret}`]) {
      const error = await open([identity, malformed]);
      expect(error).toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('identity 2 of 2') as string,
      });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).not.toContain(secret.slice(16, 30));
    }
  });
});

test('a malformed recipient is refused by name before anything is written', async () => {
  await expect(store([[record('a', 'v')]], ['age1nonsense'])).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining('age1nonsense') as string,
  });
});
