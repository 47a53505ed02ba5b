import { mapAhead } from './ahead.ts';
import type { ByteSource, ReadOptions, StoredFacts } from './archive.ts';
import { free } from '../workflows/contract/memory.ts';
import { decompressFrame, framesAhead } from './frames.ts';
import type { Refusal } from './refusal.ts';
import { footerSize, parseSeekTable, seekTableSize, type PlacedFrame, type SeekTable } from './seek-table.ts';
import { collect } from './source.ts';
import { openStored, type CompressedStream } from './stored.ts';

/** A stored object opened for reading its frames. */
export interface OpenedFrames {
  readonly stream: CompressedStream;
  readonly table: SeekTable;
  /** The plain bytes of frames, several decompressed at once, in order, each in memory of its own. */
  readonly decompress: (frames: AsyncIterable<CutFrame>) => AsyncIterable<Buffer>;
}

export interface CutFrame {
  readonly entry: PlacedFrame;
  readonly data: Buffer;
}

/** What is read at the end of a stream for its seek table: room for 5,000 frames, so mostly one read. */
const tailBytes = 64 * 1024;

export async function openFrames(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
  refuse: Refusal,
): Promise<OpenedFrames> {
  const stream = await openStored(source, object, options, refuse);
  const table = await readSeekTable(stream, object.plainBytes, refuse);
  return {
    stream,
    table,
    decompress: async function* (frames) {
      let before: Buffer | undefined;
      const plains = mapAhead(frames, framesAhead, async ({ data, entry }) => ({
        plain: await decompressFrame(data, entry, refuse),
        data,
      }));
      for await (const { plain, data } of plains) {
        // Frames come in order: what lies in other memory than this one has been used up.
        if (before !== undefined && before.buffer !== data.buffer) free(before);
        before = data;
        // What was fetched ahead is not handed on after an abort.
        options.signal?.throwIfAborted();
        yield plain;
      }
    },
  };
}

async function readSeekTable(
  stream: CompressedStream,
  plainBytes: number | undefined,
  refuse: Refusal,
): Promise<SeekTable> {
  const { size } = stream;
  if (size < footerSize) throw refuse('is too short to be an archive');
  const tail = await collect(stream.read(Math.max(0, size - tailBytes), size));
  const bytes = seekTableSize(tail.subarray(-footerSize), size, refuse);
  const table = bytes <= tail.length ? tail.subarray(-bytes) : await collect(stream.read(size - bytes, size));
  return parseSeekTable(table, size, plainBytes, refuse);
}

/** Cuts a stream into consecutive frames; it must end with `rest`, the bytes behind the last of them. */
export async function* cutFrames(
  stream: AsyncIterable<Buffer>,
  frames: readonly PlacedFrame[],
  rest: Buffer,
  refuse: Refusal,
): AsyncGenerator<CutFrame> {
  /** What has come of the next frame. */
  let waiting: Buffer[] = [];
  let bytes = 0;
  let next = 0;
  for await (const chunk of stream) {
    let at = 0;
    for (let entry = frames[next]; entry !== undefined; entry = frames[next]) {
      const end = at + entry.bytes - bytes;
      if (end > chunk.length) break;
      // A view where the frame is not spread over several chunks.
      const last = chunk.subarray(at, end);
      yield { entry, data: bytes === 0 ? last : Buffer.concat([...waiting, last]) };
      at = end;
      next += 1;
      waiting = [];
      bytes = 0;
    }
    if (at === chunk.length) continue;
    waiting.push(chunk.subarray(at));
    bytes += chunk.length - at;
  }
  if (next < frames.length || !Buffer.concat(waiting).equals(rest)) {
    throw refuse('does not end with the seek table that was read first');
  }
}
