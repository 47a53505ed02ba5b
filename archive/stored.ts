import { HoldfastError } from '../workflows/contract/errors.ts';
import { maxHeaderBytes, openHeader, type AgeHeader } from './age/header.ts';
import { coverOf, decryptChunks, plainSize } from './age/stream.ts';
import type { ByteSource, ReadOptions, StoredFacts } from './archive.ts';
import { createDigest } from './digest.ts';
import type { Refusal } from './refusal.ts';
import { collect, drain, readRange, readWhole } from './source.ts';

/** The compressed stream inside a stored object, whether it is encrypted or not. */
export interface CompressedStream {
  /** Its length in bytes. */
  readonly size: number;
  /** Bytes `start` to before `end`. */
  read(start: number, end: number): AsyncIterable<Buffer>;
  /** All of it. Ends only when the stored bytes have the length and SHA-256 they should have. */
  readAll(): AsyncIterable<Buffer>;
}

export async function openStored(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
  refuse: Refusal,
): Promise<CompressedStream> {
  if (object.compression !== 'zstd') throw refuse('is said not to be compressed, so it holds no frames');
  const whole = (): AsyncGenerator<Buffer> => readHashed(source, object, options, refuse);
  if (object.encryption === 'none') {
    return {
      size: object.storedBytes,
      read: (start, end) => readRange(source, start, end, refuse, options.signal),
      readAll: whole,
    };
  }
  const { payloadKey, payloadStart } = await openEncrypted(source, object, options, refuse);
  const payloadBytes = object.storedBytes - payloadStart;
  const size = plainSize(payloadBytes, refuse);
  const decrypt = (sealed: AsyncIterable<Buffer>, firstChunk: number): AsyncIterable<Buffer> =>
    decryptChunks(sealed, payloadKey, firstChunk, payloadBytes, refuse);
  return {
    size,
    read: (start, end) => {
      const cover = coverOf(start, end, payloadBytes);
      const from = payloadStart + cover.start;
      const to = payloadStart + cover.end;
      const sealed = readRange(source, from, to, refuse, options.signal);
      return cut(decrypt(sealed, cover.firstChunk), cover.skip, end - start);
    },
    readAll: () => decrypt(cut(whole(), payloadStart, payloadBytes), 0),
  };
}

async function openEncrypted(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
  refuse: Refusal,
): Promise<AgeHeader> {
  const { address, identities, signal } = options;
  if (identities.length === 0) {
    throw new HoldfastError(
      'DecryptFailed',
      `${address} is encrypted with age, and no identity is configured.`,
    );
  }
  const startBytes = Math.min(maxHeaderBytes, object.storedBytes);
  const start = await collect(readRange(source, 0, startBytes, refuse, signal));
  const header = await openHeader(start, identities, refuse);
  if (header !== undefined) return header;
  // A damaged stanza looks like one for somebody else. Only the digest of the whole tells them apart, and a wrong
  // answer here would send the operator after keys that are right.
  await drain(readHashed(source, object, options, refuse));
  throw new HoldfastError(
    'DecryptFailed',
    `${address} is encrypted for recipients to whom none of the ${identities.length} configured identities belongs.`,
  );
}

async function* readHashed(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
  refuse: Refusal,
): AsyncGenerator<Buffer> {
  const digest = createDigest();
  for await (const chunk of readWhole(source, object.storedBytes, refuse, options.signal)) {
    await digest.update(chunk);
    yield chunk;
  }
  const found = await digest.hex();
  if (object.storedSha256 !== undefined && found !== object.storedSha256) {
    throw refuse(`has the SHA-256 ${found}, and should have ${object.storedSha256}`);
  }
}

/** Leaves out the first `skip` bytes and whatever comes after `length` more; reads the stream to its end. */
async function* cut(stream: AsyncIterable<Buffer>, skip: number, length: number): AsyncGenerator<Buffer> {
  let at = -skip;
  for await (const chunk of stream) {
    const part = chunk.subarray(Math.max(0, -at), Math.max(0, length - at));
    at += chunk.length;
    if (part.length > 0) yield part;
  }
}
