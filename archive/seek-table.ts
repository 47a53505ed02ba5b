import type { Refusal } from './refusal.ts';

/** One frame as the seek table knows it. */
export interface FrameEntry {
  /** Bytes of the compressed frame. */
  readonly bytes: number;
  readonly plainBytes: number;
  /** The low 32 bits of XXH64 of the plain bytes: the last four bytes of the frame itself. */
  readonly checksum: number;
}

/** Where a frame is in the compressed stream. */
export interface PlacedFrame extends FrameEntry {
  readonly start: number;
  readonly end: number;
}

export interface SeekTable {
  readonly frames: readonly PlacedFrame[];
  /** The table itself, as it stands in the stream. */
  readonly bytes: Buffer;
}

const skippableMagic = 0x184d2a5e;
const seekableMagic = 0x8f92eab1;
/** Only "each entry has a checksum" is set. */
const descriptor = 0x80;
const headerSize = 8;
const entrySize = 12;
export const footerSize = 9;

/** More plain bytes than this in one frame are refused on both sides: a reader holds a frame in memory. */
export const maxFramePlainBytes = 64 * 1024 * 1024;

/** The table as zstd's seekable format has it: a skippable frame that every zstd decoder passes over. */
export function encodeSeekTable(entries: readonly FrameEntry[]): Buffer {
  const content = entries.length * entrySize + footerSize;
  const table = Buffer.alloc(headerSize + content);
  let at = table.writeUInt32LE(skippableMagic, 0);
  at = table.writeUInt32LE(content, at);
  for (const entry of entries) {
    at = table.writeUInt32LE(entry.bytes, at);
    at = table.writeUInt32LE(entry.plainBytes, at);
    at = table.writeUInt32LE(entry.checksum, at);
  }
  at = table.writeUInt32LE(entries.length, at);
  at = table.writeUInt8(descriptor, at);
  table.writeUInt32LE(seekableMagic, at);
  return table;
}

/** Bytes of the whole table, from its last nine bytes. `size` is that of the whole compressed stream. */
export function seekTableSize(footer: Buffer, size: number, refuse: Refusal): number {
  if (footer.length !== footerSize || footer.readUInt32LE(5) !== seekableMagic) {
    throw refuse('does not end with a seek table');
  }
  if (footer.readUInt8(4) !== descriptor) throw refuse('has a seek table of an unknown kind');
  const bytes = headerSize + footer.readUInt32LE(0) * entrySize + footerSize;
  if (bytes > size) throw refuse('has a seek table larger than itself');
  return bytes;
}

/** Reads a table. Its sums must be those of the stream, so no entry can send a reader astray or make it allocate. */
export function parseSeekTable(
  table: Buffer,
  size: number,
  plainBytes: number | undefined,
  refuse: Refusal,
): SeekTable {
  if (table.readUInt32LE(0) !== skippableMagic || table.readUInt32LE(4) !== table.length - headerSize) {
    throw refuse('has a seek table with a wrong head');
  }
  const frames: PlacedFrame[] = [];
  let start = 0;
  let plainSum = 0;
  for (let at = headerSize; at < table.length - footerSize; at += entrySize) {
    const bytes = table.readUInt32LE(at);
    const plain = table.readUInt32LE(at + 4);
    if (plain === 0 || plain > maxFramePlainBytes) throw refuse(`has a frame of ${plain} plain bytes`);
    frames.push({
      start,
      end: start + bytes,
      bytes,
      plainBytes: plain,
      checksum: table.readUInt32LE(at + 8),
    });
    start += bytes;
    plainSum += plain;
  }
  if (start + table.length !== size) throw refuse('has a seek table that does not fit its size');
  if (plainBytes !== undefined && plainSum !== plainBytes) {
    throw refuse(`has ${plainSum} plain bytes by its seek table, and should have ${plainBytes}`);
  }
  return { frames, bytes: table };
}
