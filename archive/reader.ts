import type { Content, DataObject } from '../workflows/contract/manifest.ts';
import { free } from '../workflows/contract/memory.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { provenBeforeLast } from './ahead.ts';
import type { ByteSource, ReadOptions, RecordReadOptions, RecordReading, StoredFacts } from './archive.ts';
import { type Counts, createReadTally } from './content.ts';
import { createDigest, type Digest } from './digest.ts';
import { cutFrames, openFrames } from './frame-reader.ts';
import { createLineChecker, createLineDecoder } from './lines.ts';
import { refusalOf, type Refusal } from './refusal.ts';

/**
 * Reads all records of an object. Sizes, both SHA-256, the order of keys and (where `options.content` is given)
 * count and content digest have been checked before the last batch is handed on; until then nothing is proven.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export function readRecords(
  source: ByteSource,
  object: DataObject,
  options: RecordReadOptions,
): RecordReading {
  const refuse = refusalOf(options.address);
  const tally = createReadTally(refuse);
  const decode = createLineDecoder({ tally, refuse });

  async function* decoded(): AsyncGenerator<Decoded> {
    for await (const plain of readLines(source, object, options)) {
      for (const records of decode(plain)) yield { records, plain };
      await tally.settle();
      tally.keep();
    }
  }

  const proven = provenBeforeLast(decoded(), async () => {
    const content = await tally.finish();
    if (options.content !== undefined) checkContent(content, options.content, refuse);
  });
  return { records: handOn(proven, options.lent ?? false), content: () => tally.content() };
}

interface Decoded {
  readonly records: readonly KeyRecord[];
  /** The frame that they are views of. */
  readonly plain: Buffer;
}

async function* handOn(batches: AsyncIterable<Decoded>, lent: boolean): RecordReading['records'] {
  let before: Buffer | undefined;
  for await (const { records, plain } of batches) {
    if (lent && before !== undefined && before !== plain) free(before);
    before = plain;
    yield records;
  }
  if (lent && before !== undefined) free(before);
}

/**
 * Reads all records of an object for the sake of the checks alone: the same ones as `readRecords`, in a third of the
 * time. Tells after each frame what has been seen so far.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export async function checkRecords(
  source: ByteSource,
  object: DataObject,
  options: RecordReadOptions,
  onCounts: (counts: Counts) => void,
): Promise<Content> {
  const refuse = refusalOf(options.address);
  const tally = createReadTally(refuse);
  const check = createLineChecker({ tally, refuse });
  for await (const plain of readLines(source, object, options)) {
    check(plain);
    await tally.settle();
    onCounts(tally.counts());
    tally.keep();
    free(plain);
  }
  const content = await tally.finish();
  if (options.content !== undefined) checkContent(content, options.content, refuse);
  return content;
}

function checkContent(found: Content, expected: Content, refuse: Refusal): void {
  if (found.records !== expected.records || found.bytes !== expected.bytes) {
    throw refuse(
      `holds ${found.records} records of ${found.bytes} bytes, ` +
        `and should hold ${expected.records} of ${expected.bytes}`,
    );
  }
  if (found.digest !== expected.digest) {
    throw refuse(`has the content digest ${found.digest}, and should have ${expected.digest}`);
  }
}

/**
 * Reads the plain bytes of an object, a frame at a time: every buffer holds whole lines. What `object` says has
 * been checked before the last buffer is handed on; until then nothing is proven. A buffer has its memory for itself,
 * and is the receiver's.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export async function* readLines(
  source: ByteSource,
  object: StoredFacts,
  options: ReadOptions,
): AsyncGenerator<Buffer> {
  const refuse = refusalOf(options.address);
  options.signal?.throwIfAborted();
  const { stream, table, decompress } = await openFrames(source, object, options, refuse);
  const digest = createDigest();
  const frames = hashed(decompress(cutFrames(stream.readAll(), table.frames, table.bytes, refuse)), digest);
  yield* provenBeforeLast(frames, async () => {
    const found = await digest.hex();
    if (object.plainSha256 !== undefined && found !== object.plainSha256) {
      throw refuse(`holds plain bytes with the SHA-256 ${found}, and should hold ${object.plainSha256}`);
    }
  });
}

async function* hashed(frames: AsyncIterable<Buffer>, digest: Digest): AsyncGenerator<Buffer> {
  for await (const plain of frames) {
    await digest.update(plain);
    yield plain;
  }
}
