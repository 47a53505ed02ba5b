import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Content } from '../workflows/contract/manifest.ts';
import { free, freedInTurn } from '../workflows/contract/memory.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import { sealHeader } from './age/header.ts';
import { encryptChunks } from './age/stream.ts';
import { mapAhead } from './ahead.ts';
import type { RecordWriting, Sealed, WriteOptions, Writing } from './archive.ts';
import { createContentTally, nameKey, type ContentTally } from './content.ts';
import { createDigest, type Digest } from './digest.ts';
import { createLineWriter } from './encode-line.ts';
import { compressFrame, framesAhead, frameTarget, type PlainFrame } from './frames.ts';
import { encodeSeekTable, maxFramePlainBytes, type FrameEntry } from './seek-table.ts';

/**
 * Writes records, which must come in strictly ascending order of key. Memory does not grow with their number. Of a
 * batch nothing is read any more when the next one is asked for.
 */
export function writeRecords(batches: RecordBatches, options: WriteOptions): RecordWriting {
  const tally = createWriteTally();
  const writing = writeFrames(linesOf(batches, tally), options);
  return { ...writing, content: () => tally.content() };
}

/** What `writeRecords` would say of these records, without writing them. */
export async function contentOf(batches: RecordBatches): Promise<Content> {
  const tally = createWriteTally();
  for await (const { release } of linesOf(batches, tally)) release?.();
  return tally.content();
}

/** Writes lines: every buffer holds one or more, each with its newline. */
export function writeLines(lines: AsyncIterable<Buffer>, options: WriteOptions): Writing {
  return writeFrames(gather(lines), options);
}

function createWriteTally(): ContentTally {
  return createContentTally(
    (key, after) =>
      new HoldfastError('Defect', `The store gave the key ${nameKey(key)} after ${nameKey(after)}.`),
  );
}

/** The lines of each frame, cut by the same rule whatever the batches: the same records, the same frames. */
async function* linesOf(batches: RecordBatches, tally: ContentTally): AsyncGenerator<PlainFrame> {
  const lines = createLineWriter();
  for await (const batch of batches) {
    for (const record of batch) {
      lines.add(record);
      tally.add(record, lines.bytes, lines.fieldsStart, lines.fieldsEnd);
      if (lines.length < frameTarget) continue;
      requireBounded(lines.length, `The record of ${nameKey(record.key)}`);
      await tally.settle();
      yield lines.take();
    }
    tally.keep();
  }
  await tally.finish();
  if (lines.length > 0) yield lines.take();
  lines.close();
}

async function* gather(lines: AsyncIterable<Buffer>): AsyncGenerator<PlainFrame> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line.at(-1) !== 0x0a) throw new HoldfastError('Defect', 'A line to be archived has no newline.');
    waiting.push(line);
    bytes += line.length;
    if (bytes >= frameTarget) {
      requireBounded(bytes, 'A line');
      yield { bytes: Buffer.concat(waiting) };
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield { bytes: Buffer.concat(waiting) };
}

/** Writes frames of such plain bytes. */
export function writeFrames(plain: AsyncIterable<PlainFrame>, options: WriteOptions): Writing {
  const encrypted = options.recipients.length > 0;
  const plainDigest = options.plainSha256 ? knownDigest(options.plainSha256) : createDigest();
  const storedDigest = createDigest();
  let plainBytes = 0;
  let storedBytes = 0;
  let sealed: Sealed | undefined;

  async function* hashed(): AsyncGenerator<PlainFrame> {
    for await (const frame of plain) {
      await plainDigest.update(frame.bytes);
      plainBytes += frame.bytes.length;
      yield frame;
    }
  }

  async function* bytes(): AsyncGenerator<Buffer> {
    const compressed = compress(hashed());
    for await (const chunk of encrypted ? freedInTurn(encrypt(compressed, options.recipients)) : compressed) {
      await storedDigest.update(chunk);
      storedBytes += chunk.length;
      yield chunk;
    }
    sealed = {
      compression: 'zstd',
      encryption: encrypted ? 'age' : 'none',
      plainBytes,
      plainSha256: await plainDigest.hex(),
      storedBytes,
      storedSha256: await storedDigest.hex(),
    };
  }

  return {
    bytes: bytes(),
    sealed: () => {
      if (sealed === undefined) throw new HoldfastError('Defect', 'An archive was sealed before its end.');
      return sealed;
    },
  };
}

function knownDigest(sha256: () => string): Digest {
  return { update: () => Promise.resolve(), hex: () => Promise.resolve(sha256()) };
}

async function* compress(plain: AsyncIterable<PlainFrame>): AsyncGenerator<Buffer> {
  const entries: FrameEntry[] = [];
  const frames = mapAhead(plain, framesAhead, async ({ bytes, release }) => {
    const frame = await compressFrame(bytes);
    release?.();
    return frame;
  });
  for await (const { data, bytes, plainBytes, checksum } of frames) {
    entries.push({ bytes, plainBytes, checksum });
    yield data;
    free(data);
  }
  yield encodeSeekTable(entries);
}

async function* encrypt(
  compressed: AsyncIterable<Buffer>,
  recipients: readonly string[],
): AsyncGenerator<Buffer> {
  const { bytes, payloadKey } = await sealHeader(recipients);
  yield bytes;
  yield* encryptChunks(compressed, payloadKey);
}

/** A reader takes no larger frames; the line that closed it is what made it larger. */
export function requireBounded(plainBytes: number, line: string): void {
  if (plainBytes <= maxFramePlainBytes) return;
  throw new HoldfastError(
    'Unrestorable',
    `${line} is larger than an archive takes (${maxFramePlainBytes} bytes in one frame).`,
  );
}
