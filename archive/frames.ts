import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  type ZstdCompress,
  type ZstdDecompress,
} from 'node:zlib';
import type { Refusal } from './refusal.ts';
import type { FrameEntry } from './seek-table.ts';

/** A frame is closed with the line that brings it to this many bytes. A reader takes frames of any size. */
export const frameTarget = 1 << 20;

/** Frames compressed or decompressed at once: the threads of libuv's pool. */
export const framesAhead = 4;

/** The plain bytes of one frame. */
export interface PlainFrame {
  readonly bytes: Buffer;
  /** Called when the bytes are needed no more: their memory is used again. */
  readonly release?: () => void;
}

export interface Frame extends FrameEntry {
  readonly data: Buffer;
}

const magic = 0xfd2fb528;

/** One independent zstd frame with its content size and its checksum; made on libuv's pool, in memory of its own. */
export async function compressFrame(plain: Buffer): Promise<Frame> {
  const engine = createZstdCompress({
    chunkSize: roomFor(plain.length),
    // What is written is all there is of a frame: zstd compresses it in one go, and puts its size into the header.
    flush: constants.ZSTD_e_end,
    params: {
      // Level 3 is a third slower and, on small records, not smaller.
      [constants.ZSTD_c_compressionLevel]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  });
  const data = await passThrough(engine, plain, roomFor(plain.length));
  return { data, bytes: data.length, plainBytes: plain.length, checksum: data.readUInt32LE(data.length - 4) };
}

/** More than zstd makes of so many bytes, whatever they are (ZSTD_COMPRESSBOUND). */
function roomFor(plainBytes: number): number {
  return plainBytes + (plainBytes >> 8) + 1024;
}

/**
 * What an engine makes of one piece of input, at most so many bytes of it. Its `chunkSize` is larger than what comes
 * out, so it does its work in one go. Node's own `zstdCompress` and `zstdDecompress` hand the end of the input to the
 * pool as another piece: with compression, that is slower by half, and leaves the output to be joined in new memory.
 */
async function passThrough(
  engine: ZstdCompress | ZstdDecompress,
  input: Buffer,
  most: number,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const output: Buffer[] = [];
  let bytes = 0;
  engine.on('error', reject);
  engine.on('data', (piece: Buffer) => {
    output.push(piece);
    bytes += piece.length;
    if (bytes > most) reject(new RangeError(`More than ${most} bytes come out.`));
  });
  engine.write(input, (error) => (error ? reject(error) : resolve(undefined)));
  try {
    await promise;
  } finally {
    engine.close();
  }
  const [first] = output;
  return first !== undefined && output.length === 1 ? first : Buffer.concat(output);
}

/** The plain bytes of a frame, checked against its checksum and the seek table, in memory of their own. */
export async function decompressFrame(data: Buffer, entry: FrameEntry, refuse: Refusal): Promise<Buffer> {
  if (!isCheckedFrame(data) || data.readUInt32LE(data.length - 4) !== entry.checksum) {
    throw refuse('holds a damaged frame: it and the seek table disagree');
  }
  let plain: Buffer;
  try {
    const engine = createZstdDecompress({ chunkSize: Math.max(entry.plainBytes + 1, constants.Z_MIN_CHUNK) });
    plain = await passThrough(engine, data, entry.plainBytes);
  } catch (cause) {
    throw refuse('holds a damaged frame', cause);
  }
  if (plain.length !== entry.plainBytes)
    throw refuse('holds a frame of another length than its seek table says');
  return plain;
}

/** A decoder verifies the checksum only where the frame's descriptor announces one; nothing else may be set there. */
function isCheckedFrame(data: Buffer): boolean {
  return (
    data.length > 12 && data.readUInt32LE(0) === magic && (data.readUInt8(4) & 0b0001_1111) === 0b0000_0100
  );
}
