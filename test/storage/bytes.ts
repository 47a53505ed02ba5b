import { createCipheriv, createHash } from 'node:crypto';
import type { Storage } from '../../storage/storage.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** Repeatable bytes that no compression shrinks, in chunks of `chunk` bytes. */
export function* noise(size: number, seed = 0, chunk = 100_003): Generator<Buffer, void> {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(seed, 0);
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 'holdfast'), iv);
  for (let done = 0; done < size; done += chunk) {
    yield cipher.update(Buffer.alloc(Math.min(chunk, size - done)));
  }
}

/** The same bytes in one piece. */
export function noiseBuffer(size: number, seed = 0): Buffer {
  return Buffer.concat([...noise(size, seed)]);
}

/** A body as storages take it. */
// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for, but a body is asynchronous
export async function* body(chunks: Iterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield* chunks;
}

/** Stores bytes without further ado. */
export async function store(storage: Storage, name: string, chunks: Iterable<Buffer>): Promise<void> {
  await storage.put(name, body(chunks), { signal: new AbortController().signal });
}

export async function read(source: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

export async function namesOf(storage: Storage, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(storage.list(prefix))).map((info) => info.name);
}

/** Size and digest of a stream, without holding it. */
export async function digest(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
