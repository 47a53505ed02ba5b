import { createHash } from 'node:crypto';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import { sealHeader } from './age/header.ts';
import { encryptChunks } from './age/stream.ts';
import { mapAhead } from './ahead.ts';
import type { RecordWriting, Sealed, WriteOptions, Writing } from './archive.ts';
import { createContentTally, nameKey, type ContentTally } from './content.ts';
import { createLineWriter } from './encode-line.ts';
import { compressFrame, framesAhead, frameTarget } from './frames.ts';
import { encodeSeekTable, maxFramePlainBytes, type FrameEntry } from './seek-table.ts';

/** Writes records, which must come in strictly ascending order of key. Memory does not grow with their number. */
export function writeRecords(batches: RecordBatches, options: WriteOptions): RecordWriting {
  const tally = createContentTally(
    (key, after) =>
      new HoldfastError('Defect', `The store gave the key ${nameKey(key)} after ${nameKey(after)}.`),
  );
  const writing = writeFrames(linesOf(batches, tally), options);
  return { ...writing, content: () => tally.content() };
}

/** Writes lines: every buffer holds one or more, each with its newline. */
export function writeLines(lines: AsyncIterable<Buffer>, options: WriteOptions): Writing {
  return writeFrames(gather(lines), options);
}

/** The plain bytes of each frame, cut by the same rule whatever the batches: the same records, the same frames. */
async function* linesOf(batches: RecordBatches, tally: ContentTally): AsyncGenerator<Buffer> {
  const lines = createLineWriter();
  for await (const batch of batches) {
    for (const record of batch) {
      lines.add(record);
      tally.add(record, lines.bytes, lines.fieldsStart, lines.fieldsEnd);
      if (lines.length >= frameTarget) {
        yield bounded(
          Buffer.from(lines.bytes.subarray(0, lines.length)),
          `The record of ${nameKey(record.key)}`,
        );
        lines.clear();
      }
    }
  }
  if (lines.length > 0) yield Buffer.from(lines.bytes.subarray(0, lines.length));
}

async function* gather(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line.at(-1) !== 0x0a) throw new HoldfastError('Defect', 'A line to be archived has no newline.');
    waiting.push(line);
    bytes += line.length;
    if (bytes >= frameTarget) {
      yield bounded(Buffer.concat(waiting), 'A line');
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** @param plain the plain bytes of each frame. */
export function writeFrames(plain: AsyncIterable<Buffer>, options: WriteOptions): Writing {
  const encrypted = options.recipients.length > 0;
  const plainHash = createHash('sha256');
  const storedHash = createHash('sha256');
  let plainBytes = 0;
  let storedBytes = 0;
  let sealed: Sealed | undefined;

  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const frame of plain) {
      plainHash.update(frame);
      plainBytes += frame.length;
      yield frame;
    }
  }

  async function* bytes(): AsyncGenerator<Buffer> {
    const compressed = compress(hashed());
    for await (const chunk of encrypted ? encrypt(compressed, options.recipients) : compressed) {
      storedHash.update(chunk);
      storedBytes += chunk.length;
      yield chunk;
    }
    sealed = {
      compression: 'zstd',
      encryption: encrypted ? 'age' : 'none',
      plainBytes,
      plainSha256: plainHash.digest('hex'),
      storedBytes,
      storedSha256: storedHash.digest('hex'),
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

async function* compress(plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const entries: FrameEntry[] = [];
  for await (const { data, bytes, plainBytes, checksum } of mapAhead(plain, framesAhead, compressFrame)) {
    entries.push({ bytes, plainBytes, checksum });
    yield data;
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

/** A frame as large as a reader takes; the line that closed it is what made it larger. */
function bounded(frame: Buffer, line: string): Buffer {
  if (frame.length <= maxFramePlainBytes) return frame;
  throw new HoldfastError(
    'Unrestorable',
    `${line} is larger than an archive takes (${maxFramePlainBytes} bytes in one frame).`,
  );
}
