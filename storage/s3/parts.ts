import { HoldfastError } from '../../workflows/contract/errors.ts';
import { free } from '../../workflows/contract/memory.ts';

const MiB = 1024 * 1024;

/** S3's own limits. */
export const maxParts = 10_000;
export const maxObjectBytes = 5 * 1024 ** 2 * MiB;

/** S3's own: only the last part may be smaller. */
export const smallestPart = 5 * MiB;
export const largestPart = 1024 * MiB;
const firstPart = 8 * MiB;

/**
 * Bytes of a part, counted from 1. The length of a body is not known beforehand, so parts grow on the way: `first`,
 * doubling every 750 parts up to 1 GiB. The first 5.9 GiB go in parts of 8 MiB, and 5 TiB fit in 10,000 parts.
 */
export function partSize(number: number, first = firstPart): number {
  return Math.min(largestPart, first * 2 ** Math.floor((number - 1) / 750));
}

/** Bytes under way at once, at most, but for a single part that is larger. */
const mostAtOnce = 256 * MiB;

/**
 * So many parts of such a size may be under way. They take no more memory than as many of the first size: the larger
 * parts of a huge object are fewer at once.
 */
export function partsAtOnce(
  bytes: number,
  {
    concurrency,
    firstPart: first = firstPart,
  }: { readonly concurrency: number; readonly firstPart?: number },
): number {
  const most = Math.min(mostAtOnce, concurrency * first);
  return Math.max(1, Math.min(concurrency, Math.floor(most / bytes)));
}

export interface Part {
  readonly number: number;
  readonly bytes: Buffer<ArrayBuffer>;
  /** The body has ended with it. A body that ends with a full part ends without another. */
  readonly last: boolean;
}

/** Buffers for parts, used again. */
export interface BufferPool {
  take(size: number): Buffer<ArrayBuffer>;
  give(part: Part): void;
  /** Frees all that were given back. Nobody may be sending them any more. */
  close(): void;
}

export function createBufferPool(): BufferPool {
  const unused: Buffer<ArrayBuffer>[] = [];
  return {
    take(size) {
      const buffer = unused.pop();
      // Slow: a buffer of its own, which does not keep a shared slab alive.
      return buffer?.length === size ? buffer : Buffer.allocUnsafeSlow(size);
    },
    give: ({ bytes }) => void unused.push(Buffer.from(bytes.buffer)),
    close: () => unused.splice(0).forEach(free),
  };
}

/** Cuts a body into parts. Of a body without bytes, one empty part. */
export async function* partsOf(
  chunks: AsyncIterable<Buffer>,
  buffers: BufferPool,
  name: string,
  first?: number,
): AsyncGenerator<Part, void> {
  let number = 1;
  let buffer: Buffer<ArrayBuffer> | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    for (let used = 0; used < chunk.length;) {
      if (number > maxParts) {
        throw new HoldfastError(
          'StorageMisconfigured',
          `${name} is larger than S3 takes in one object (5 TiB).`,
        );
      }
      buffer ??= buffers.take(partSize(number, first));
      const copied = chunk.copy(buffer, filled, used);
      used += copied;
      filled += copied;
      if (filled === buffer.length) {
        yield { number, bytes: buffer, last: false };
        number++;
        buffer = undefined;
        filled = 0;
      }
    }
  }
  if (buffer) yield { number, bytes: buffer.subarray(0, filled), last: true };
  else if (number === 1) yield { number, bytes: Buffer.alloc(0), last: true };
}
