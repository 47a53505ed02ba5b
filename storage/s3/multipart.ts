import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  NoSuchUpload,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { writerField, type Bucket } from './bucket.ts';
import { checksumOf, confirms } from './checksum.ts';
import { brokenAnswer, S3Failure } from './failure.ts';
import { partsAtOnce, type BufferPool, type Part } from './parts.ts';
import { writeVisibly, type Outcome, type Write } from './written-once.ts';

interface Source {
  readonly first: IteratorResult<Part, void>;
  readonly rest: AsyncGenerator<Part, void>;
  readonly buffers: BufferPool;
  /** Fires the signal of the write. */
  readonly fail: (error: unknown) => void;
}

/** One multipart upload. */
interface Upload {
  readonly bucket: Bucket;
  readonly name: string;
  readonly request: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  readonly signal: AbortSignal | undefined;
  /** Cuts the parts under way. */
  readonly cut: AbortController;
}

/**
 * Milliseconds that parts under way have to end by themselves before they are cut. What is cut in the middle the
 * server may store all the same, after the upload was aborted.
 */
const grace = 5000;

/** Sends parts as they are filled, several at once, and completes the upload; or aborts it and leaves nothing. */
export async function putInParts(
  bucket: Bucket,
  write: Write,
  { first, rest, buffers, fail }: Source,
): Promise<{ readonly outcome: Outcome; readonly bytes: number }> {
  const upload = await create(bucket, write);
  const sent: CompletedPart[] = [];
  const flight = new Set<Promise<void>>();
  const stopped = rejectionOn(write.signal);
  let bytes = 0;
  try {
    for (let next = first; next.done !== true; next = await rest.next()) {
      const part = next.value;
      while (flight.size >= partsAtOnce(part.bytes.length, bucket))
        await Promise.race([...flight, stopped.promise]);
      bytes += part.bytes.length;
      const sending = sendPart(upload, part).then((completed) => {
        sent[part.number - 1] = completed;
        buffers.give(part);
        flight.delete(sending);
      });
      sending.catch(fail);
      flight.add(sending);
    }
    await Promise.race([Promise.all(flight), stopped.promise]);
    const outcome = await complete(upload, write, sent, bytes);
    if (outcome === 'exists') await abandon(upload);
    return { outcome, bytes };
  } catch (error) {
    fail(error);
    const ended = Promise.allSettled([...flight, rest.return()]);
    await Promise.race([ended, sleep(grace, undefined, { ref: false })]);
    upload.cut.abort();
    await ended;
    await abandon(upload);
    throw error;
  } finally {
    stopped.forget();
  }
}

/** A promise that an abort rejects: a part that hangs must not keep the others waiting for its timeout. */
function rejectionOn(signal: AbortSignal | undefined): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  return { promise, forget: () => signal?.removeEventListener('abort', abort) };
}

async function create(bucket: Bucket, { name, id, signal }: Write): Promise<Upload> {
  const target = { Bucket: bucket.name, Key: bucket.key(name) };
  const input = {
    ...target,
    ...bucket.attributes,
    Metadata: { ...bucket.attributes.Metadata, [writerField]: id },
    ...(bucket.checksum && { ChecksumAlgorithm: bucket.checksum }),
  };
  // Not to be interrupted: an upload that nobody knows of could not be aborted.
  const UploadId = await bucket.request({ action: 'Starting an upload of', name, signal }, async () => {
    const started = await bucket.client.send(new CreateMultipartUploadCommand(input));
    if (started.UploadId === undefined) throw brokenAnswer(bucket.addressOf(name), 'an upload without an id');
    return started.UploadId;
  });
  return { bucket, name, request: { ...target, UploadId }, signal, cut: new AbortController() };
}

async function sendPart({ bucket, name, request, signal, cut }: Upload, part: Part): Promise<CompletedPart> {
  const checksum = await checksumOf(bucket.checksum, part.bytes);
  const input = {
    ...request,
    PartNumber: part.number,
    Body: part.bytes,
    ContentLength: part.bytes.length,
    ...checksum,
  };
  const action = `PUT of part ${part.number} of`;
  return bucket.request({ action, name, signal, patience: bucket.patience.long }, async () => {
    const stored = await bucket.client.send(new UploadPartCommand(input), { abortSignal: cut.signal });
    if (stored.ETag === undefined || !confirms(stored, checksum)) {
      throw brokenAnswer(
        bucket.addressOf(name),
        `part ${part.number} with another checksum, or without an ETag`,
      );
    }
    return { PartNumber: part.number, ETag: stored.ETag, ...checksum };
  });
}

function complete(upload: Upload, write: Write, parts: CompletedPart[], bytes: number): Promise<Outcome> {
  const { bucket, name, request, signal } = upload;
  const input = { ...request, MultipartUpload: { Parts: parts } };
  const asked = { action: 'Completing the upload of', name, signal, patience: bucket.patience.long };
  return writeVisibly(bucket, write, bytes, async (condition) => {
    await bucket.request(asked, async () => {
      const command = new CompleteMultipartUploadCommand({ ...input, ...condition });
      const done = await bucket.client.send(command).catch(async (error: unknown) => {
        // Some servers answer 500, for ever, where the upload has been completed or aborted already.
        await throwIfGone(upload);
        throw error;
      });
      // S3 sends 200 before it knows, and may put an error into the body; the SDK finds most of these by itself.
      if (done.ETag === undefined)
        throw brokenAnswer(bucket.addressOf(name), 'the completion without a result');
    });
  });
}

async function throwIfGone({ bucket, request }: Upload): Promise<void> {
  try {
    await bucket.client.send(new ListPartsCommand({ ...request, MaxParts: 1 }));
  } catch (error) {
    if (error instanceof NoSuchUpload) throw error;
  }
}

/** Frees the parts. What fails here must not hide why; `abortUploads` takes what stays. */
async function abandon({ bucket, name, request }: Upload): Promise<void> {
  const ask = { action: 'Aborting the upload of', name, signal: undefined };
  try {
    // A part that was under way may be stored after the abort: only a look tells.
    for (let round = 1; round <= 5; round++) {
      await bucket.request(ask, () => bucket.client.send(new AbortMultipartUploadCommand(request)));
      const left = await bucket.request(ask, () => bucket.client.send(new ListPartsCommand(request)));
      if (!left.Parts?.length) return;
      await sleep(100 * round);
    }
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
  }
}
