import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { free } from '../workflows/contract/memory.ts';
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
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** One independent zstd frame with its content size and its checksum; made on libuv's pool. */
export async function compressFrame(plain: Buffer): Promise<Frame> {
  const output = await compress(plain, {
    // Without it Node leaves the content size out of the frame's header.
    pledgedSrcSize: plain.length,
    // Node's default of small pieces costs half of the time.
    chunkSize: 1 << 18,
    params: {
      // Level 3 is a third slower and, on small records, not smaller.
      [constants.ZSTD_c_compressionLevel]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  });
  // The output is a view of a whole piece; an upload that gathers frames must not hold their pieces in memory.
  const data = Buffer.from(output);
  free(output);
  return { data, bytes: data.length, plainBytes: plain.length, checksum: data.readUInt32LE(data.length - 4) };
}

/** The plain bytes of a frame, checked against its checksum and the seek table, in memory of their own. */
export async function decompressFrame(data: Buffer, entry: FrameEntry, refuse: Refusal): Promise<Buffer> {
  if (!isCheckedFrame(data) || data.readUInt32LE(data.length - 4) !== entry.checksum) {
    throw refuse('holds a damaged frame: it and the seek table disagree');
  }
  let plain: Buffer;
  try {
    // The size stands in the seek table, so one piece of output takes all: four times as fast as Node's default.
    plain = await decompress(data, {
      maxOutputLength: entry.plainBytes,
      chunkSize: Math.max(entry.plainBytes, constants.Z_MIN_CHUNK),
    });
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
