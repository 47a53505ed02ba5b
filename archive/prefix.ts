import type { DataObject } from '../workflows/contract/manifest.ts';
import type { ByteSource, ReadOptions, RecordReading } from './archive.ts';
import { createReadTally } from './content.ts';
import { cutFrames, openFrames, type OpenedFrames } from './frame-reader.ts';
import { createLineDecoder, firstKey } from './lines.ts';
import { readRecords } from './reader.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import type { PlacedFrame } from './seek-table.ts';

/**
 * Reads the records of one prefix alone, fetching the seek table, a few frames to search in and the frames that
 * hold them. Every frame used is checked against its checksum (and its seal, where encrypted); the SHA-256 of the
 * whole object is not, since the whole is not read: `holdfast verify` and `readRecords` do that.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export function readPrefix(
  source: ByteSource,
  object: DataObject,
  prefix: Buffer,
  options: ReadOptions,
): RecordReading {
  if (prefix.length === 0) return readRecords(source, object, options);
  const refuse = refusalOf(options.address);
  const tally = createReadTally(refuse);
  const decode = createLineDecoder({
    tally,
    refuse,
    wanted: ({ key }) => compareWithPrefix(key, prefix) === 0,
  });

  async function* records(): RecordReading['records'] {
    options.signal?.throwIfAborted();
    const opened = await openFrames(source, object, options, refuse);
    for await (const plain of readSome(opened, await framesWith(prefix, opened, refuse), refuse)) {
      yield* decode(plain);
      await tally.settle();
    }
    await tally.finish();
  }

  return { records: records(), content: () => tally.content() };
}

/** The frames that can hold keys with the prefix: from the one before the first that begins behind its start. */
async function framesWith(
  prefix: Buffer,
  opened: OpenedFrames,
  refuse: Refusal,
): Promise<readonly PlacedFrame[]> {
  const { frames } = opened.table;
  const known = new Map<number, Promise<Buffer>>();
  const keyOf = (index: number): Promise<Buffer> => {
    const key = known.get(index) ?? firstKeyOf(opened, frames.slice(index, index + 1), refuse);
    known.set(index, key);
    return key;
  };
  const behindStart = await firstIndex(frames.length, async (index) => {
    return Buffer.compare(await keyOf(index), prefix) > 0;
  });
  const behindEnd = await firstIndex(frames.length, async (index) => {
    return compareWithPrefix(await keyOf(index), prefix) > 0;
  });
  return frames.slice(Math.max(0, behindStart - 1), behindEnd);
}

/** The smallest index for which `holds` is true, or `count`; from there on it must be true for all. */
async function firstIndex(count: number, holds: (index: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function firstKeyOf(
  opened: OpenedFrames,
  frame: readonly PlacedFrame[],
  refuse: Refusal,
): Promise<Buffer> {
  const plains: Buffer[] = [];
  for await (const plain of readSome(opened, frame, refuse)) plains.push(plain);
  return firstKey(Buffer.concat(plains), refuse);
}

/** The plain bytes of consecutive frames. */
async function* readSome(
  opened: OpenedFrames,
  frames: readonly PlacedFrame[],
  refuse: Refusal,
): AsyncGenerator<Buffer> {
  const [first, last] = [frames.at(0), frames.at(-1)];
  if (first === undefined || last === undefined) return;
  const stream = opened.stream.read(first.start, last.end);
  yield* opened.decompress(cutFrames(stream, frames, Buffer.alloc(0), refuse));
}

/** Where a key is: before the keys with the prefix (negative), among them (0), or behind them. */
function compareWithPrefix(key: Buffer, prefix: Buffer): number {
  return Buffer.compare(key.subarray(0, prefix.length), prefix);
}
