import type { ByteSource, ReadOptions, StoredFacts, WriteOptions, Writing } from './archive.ts';
import { frameTarget, type PlainFrame } from './frames.ts';
import { readLines } from './reader.ts';
import { writeFrames } from './writer.ts';

/** Writes a file (an etcd snapshot) as it is. Memory does not grow with it. */
export function writeBytes(bytes: AsyncIterable<Buffer>, options: WriteOptions): Writing {
  return writeFrames(cut(bytes), options);
}

/**
 * Reads a file back, a frame at a time. What `object` says has been checked before the last buffer is handed on;
 * until then nothing is proven.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export function readBytes(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
): AsyncGenerator<Buffer> {
  return readLines(source, object, options);
}

/** Frames of one size, but for the last, whatever the pieces: the same bytes, the same frames. */
async function* cut(bytes: AsyncIterable<Buffer>): AsyncGenerator<PlainFrame> {
  const free: Buffer[] = [];
  const take = () => free.pop() ?? Buffer.allocUnsafeSlow(frameTarget);
  let frame = take();
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(frame, filled, at);
      at += taken;
      filled += taken;
      if (filled < frameTarget) continue;
      const full = frame;
      yield { bytes: full, release: () => void free.push(full) };
      frame = take();
      filled = 0;
    }
  }
  if (filled > 0) yield { bytes: frame.subarray(0, filled) };
}
