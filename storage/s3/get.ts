import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { piecesOf } from '../../workflows/contract/memory.ts';
import type { GetOptions } from '../storage.ts';
import { headObject, type Bucket } from './bucket.ts';
import { brokenAnswer, S3Failure } from './failure.ts';

/** Bytes that one request asks for, and that one chunk holds at most. */
const rangeBytes = 2 * 1024 * 1024;

/** Reads an object in ranges, several ahead, and gives them in order. */
export async function* get(
  bucket: Bucket,
  name: string,
  { start = 0, end, signal }: GetOptions = {},
): AsyncGenerator<Buffer, void> {
  bucket.key(name);
  signal?.throwIfAborted();
  const left = new AbortController();
  const stop = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const ahead: Promise<Answer>[] = [];
  try {
    const range = { start, end: Math.min(start + rangeBytes, end ?? Infinity) };
    let first = start === end ? undefined : await readFirst(bucket, name, range, stop);
    const size = first?.size ?? (await sizeOf(bucket, name, stop));
    const last = end ?? size;
    if (start > size || last > size || (!first && start !== last)) {
      throw tooShort(bucket, name, size, Math.max(start, last));
    }
    if (!first) return;
    const { etag } = first;
    let next = start + first.bytes.length;
    yield first.bytes;
    first = undefined;

    while (next < last || ahead.length > 0) {
      while (next < last && ahead.length < bucket.concurrency) {
        const range = { start: next, end: Math.min(next + rangeBytes, last) };
        const reading = readRange(bucket, name, range, stop, etag);
        // Its turn to be waited for comes later; until then a failure is nobody's.
        reading.catch(() => undefined);
        ahead.push(reading);
        next = range.end;
      }
      const answer = await ahead.shift();
      if (answer) yield answer.bytes;
    }
  } finally {
    left.abort();
    await Promise.allSettled(ahead);
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Answer {
  readonly bytes: Buffer;
  /** Of the whole object. */
  readonly size: number;
  readonly etag: string | undefined;
}

/** `undefined` where the object has no byte at `start`. */
async function readFirst(
  bucket: Bucket,
  name: string,
  range: Range,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  try {
    return await readRange(bucket, name, range, signal);
  } catch (error) {
    if (error instanceof S3Failure && error.status === 416) return undefined;
    throw error;
  }
}

/** Reads a range, or as much of it as the object has; goes on where a connection broke. */
async function readRange(
  bucket: Bucket,
  name: string,
  range: Range,
  signal: AbortSignal,
  knownEtag?: string,
): Promise<Answer> {
  let etag = knownEtag;
  let size = 0;
  let bytes: Buffer | undefined;
  let filled = 0;
  const action = `GET of bytes ${range.start} to ${range.end} of`;
  const request = { action, name, signal, patience: bucket.patience.long };
  const object = { Bucket: bucket.name, Key: bucket.key(name) };
  try {
    await bucket.request(request, async (options) => {
      // The connection broke after the last byte.
      if (bytes && filled === bytes.length) return;
      const Range = `bytes=${range.start + filled}-${range.end - 1}`;
      // Every answer must be of the very object that the first one was of.
      const condition = etag === undefined ? {} : { IfMatch: etag };
      const answer = await bucket.client.send(
        new GetObjectCommand({ ...object, ...condition, Range }),
        options,
      );
      etag ??= answer.ETag;
      size = sizeFrom(answer, range.start + filled, bucket.addressOf(name));
      bytes ??= Buffer.allocUnsafeSlow(Math.min(range.end, size) - range.start);
      for await (const chunk of bodyOf(answer)) {
        if (filled + chunk.length > bytes.length) break;
        filled += chunk.copy(bytes, filled);
      }
      if (filled !== bytes.length) {
        throw brokenAnswer(bucket.addressOf(name), `other than the ${bytes.length} bytes it announced`);
      }
    });
  } catch (error) {
    if (!(error instanceof S3Failure) || error.status !== 412) throw error;
    throw new HoldfastError('StreamBroken', `${bucket.addressOf(name)} was replaced while it was read.`);
  }
  return { bytes: bytes ?? Buffer.alloc(0), size, etag };
}

/** The size of the whole object, from `Content-Range: bytes 0-9/100`. */
function sizeFrom(answer: GetObjectCommandOutput, start: number, address: string): number {
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? '') ?? [];
  if (Number(first) !== start) {
    throw new HoldfastError(
      'StorageMisconfigured',
      `${address}: the server does not give the range of bytes that it was asked for ` +
        `(from ${start}; it answered Content-Range ${answer.ContentRange ?? 'not at all'}).`,
    );
  }
  return Number(size);
}

/** The memory of each chunk is freed when the next one is asked for. */
function bodyOf({ Body }: GetObjectCommandOutput): AsyncIterable<Buffer> {
  if (!(Body instanceof Readable)) throw new TypeError('The body of an answer is no stream of Node.');
  return piecesOf(Body);
}

async function sizeOf(bucket: Bucket, name: string, signal: AbortSignal): Promise<number> {
  const found = await headObject(bucket, name, signal);
  if (found) return found.bytes;
  throw new HoldfastError('ObjectMissing', `${bucket.addressOf(name)} is not there.`);
}

function tooShort(bucket: Bucket, name: string, size: number, wanted: number): HoldfastError {
  return new HoldfastError(
    'ArchiveCorrupt',
    `${bucket.addressOf(name)} ends after ${size} bytes, but ${wanted} were expected.`,
  );
}
