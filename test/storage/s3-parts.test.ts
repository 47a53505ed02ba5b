import {
  createBufferPool,
  maxObjectBytes,
  maxParts,
  partSize,
  partsAtOnce,
  partsOf,
} from '../../storage/s3/parts.ts';
import { body, MiB, noise, noiseBuffer } from './bytes.ts';

const sizes = Array.from({ length: maxParts }, (_, i) => partSize(i + 1));

test('5 TiB fit into 10,000 parts', () => {
  expect(maxObjectBytes).toBe(5 * 1024 ** 4);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(maxObjectBytes);
});

test('parts are 8 MiB for the first 5.8 GiB, then grow up to 1 GiB', () => {
  const small = sizes.filter((size) => size === 8 * MiB);
  expect(small.length * 8).toBeGreaterThan(5.8 * 1024);
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  expect(sizes[0]).toBe(8 * MiB);
  expect(sizes.at(-1)).toBe(1024 * MiB);
});

test('larger parts take no more memory than the first ones, but for one that is larger by itself', () => {
  const bucket = { concurrency: 5 };
  const atOnce = [1, 7 * MiB, 8 * MiB, 16 * MiB, 32 * MiB, 64 * MiB, 1024 * MiB].map((size) =>
    partsAtOnce(size, bucket),
  );
  expect(atOnce).toEqual([5, 5, 5, 2, 1, 1, 1]);
  expect(partsAtOnce(8 * MiB, { concurrency: 64 })).toBe(32);
  expect(partsAtOnce(64 * MiB, { concurrency: 4, firstPart: 64 * MiB })).toBe(4);
  expect(partsAtOnce(128 * MiB, { concurrency: 4, firstPart: 64 * MiB })).toBe(2);
});

test.each([0, 1, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 16 * MiB, 20 * MiB])(
  'a body of %d bytes is cut into parts, of which only the last is smaller',
  async (size) => {
    const parts = await Array.fromAsync(partsOf(body(noise(size)), createBufferPool(), 'data'));
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(noiseBuffer(size))).toBe(true);
    expect(parts.map(({ number }) => number)).toEqual(parts.map((_, i) => i + 1));
    expect(parts.slice(0, -1).every(({ bytes, last }) => bytes.length === 8 * MiB && !last)).toBe(true);
    expect(parts.at(-1)?.last).toBe(size === 0 || size % (8 * MiB) !== 0);
    expect(parts).toHaveLength(Math.max(1, Math.ceil(size / (8 * MiB))));
  },
);

test('buffers are used again', async () => {
  const buffers = createBufferPool();
  const seen = new Set<ArrayBufferLike>();
  for await (const part of partsOf(body(noise(40 * MiB)), buffers, 'data')) {
    seen.add(part.bytes.buffer);
    buffers.give(part);
  }
  expect(seen.size).toBe(1);
  buffers.close();
  for (const memory of seen) expect(memory.byteLength).toBe(0);
});
