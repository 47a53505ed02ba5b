import { PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { PutOptions } from '../storage.ts';
import { chunksUntil } from '../body.ts';
import { writerField, type Bucket } from './bucket.ts';
import { checksumOf, confirms } from './checksum.ts';
import { brokenAnswer } from './failure.ts';
import { putInParts } from './multipart.ts';
import { createBufferPool, partsOf } from './parts.ts';
import { writeVisibly, type Outcome, type Write } from './written-once.ts';

/** Stores a stream: in one request where all of it fits into the first part, else as a multipart upload. */
export async function put(
  bucket: Bucket,
  name: string,
  body: AsyncIterable<Buffer>,
  { signal, ifAbsent = false }: PutOptions,
): Promise<{ readonly bytes: number }> {
  bucket.key(name);
  signal.throwIfAborted();
  // Ends the reading and every part under way when one part fails for good.
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const write: Write = { name, id: randomUUID(), ifAbsent, signal: stop };

  const buffers = createBufferPool();
  const parts = partsOf(chunksUntil(body, stop), buffers, bucket.addressOf(name), bucket.firstPart);
  const first = await parts.next();
  const { outcome, bytes } =
    first.done !== true && first.value.last
      ? await putWhole(bucket, write, first.value.bytes)
      : await putInParts(bucket, write, {
          first,
          rest: parts,
          buffers,
          fail: (error) => failed.abort(error),
        });
  if (outcome === 'exists') {
    throw new HoldfastError(
      'BackupExists',
      `${bucket.addressOf(name)} exists already; it was left as it is.`,
    );
  }
  // Where a write was refused, its request may not have been read to its end: that memory is left to the collector.
  if (first.done !== true && first.value.last) buffers.give(first.value);
  buffers.close();
  return { bytes };
}

export async function putOnce(
  bucket: Bucket,
  name: string,
  body: Buffer,
  signal?: AbortSignal,
): Promise<boolean> {
  const write: Write = { name, id: randomUUID(), ifAbsent: true, signal };
  const { outcome } = await putWhole(bucket, write, Buffer.from(body));
  return outcome === 'written';
}

async function putWhole(
  bucket: Bucket,
  write: Write,
  bytes: Buffer<ArrayBuffer>,
): Promise<{ readonly outcome: Outcome; readonly bytes: number }> {
  const { name, signal, id } = write;
  const checksum = await checksumOf(bucket.checksum, bytes);
  const input = {
    Bucket: bucket.name,
    Key: bucket.key(name),
    Body: bytes,
    ContentLength: bytes.length,
    ...bucket.attributes,
    Metadata: { ...bucket.attributes.Metadata, [writerField]: id },
    ...checksum,
  };
  const outcome = await writeVisibly(bucket, write, bytes.length, async (condition) => {
    await bucket.request({ action: 'PUT', name, signal, patience: bucket.patience.long }, async () => {
      // Not to be interrupted: writeVisibly tells why.
      const stored = await bucket.client.send(new PutObjectCommand({ ...input, ...condition }));
      if (stored.ETag === undefined || !confirms(stored, checksum)) {
        throw brokenAnswer(bucket.addressOf(name), 'another checksum than that of what was sent, or no ETag');
      }
    });
  });
  return { outcome, bytes: bytes.length };
}
