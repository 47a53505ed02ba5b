import { headObject, type Bucket } from './bucket.ts';
import { S3Failure } from './failure.ts';

/** One write of an object: `id` is in the object's metadata, so that it is known again. */
export interface Write {
  readonly name: string;
  readonly id: string;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

export type Outcome = 'written' | 'exists';
export type Condition = { readonly IfNoneMatch: '*' } | Record<string, never>;

/**
 * Makes the request that makes an object visible, and finds out what became of it.
 *
 * - An answer that got lost: the object tells by its metadata whether this write made it. So a repeated request that
 *   meets its own first success does not take itself for somebody else's.
 * - `ifAbsent`: `If-None-Match: *` decides on the server, atomically. Some S3 clones ignore that header, and some
 *   refuse it. There, looking before and after is all there is: of two writers within the same moment the later one
 *   wins, and the earlier one may have been told that it did.
 *
 * @param send is not to be interrupted: after an abort in the middle nobody could tell what the server did.
 */
export async function writeVisibly(
  bucket: Bucket,
  { name, id, ifAbsent, signal }: Write,
  bytes: number,
  send: (condition: Condition) => Promise<void>,
): Promise<Outcome> {
  if (ifAbsent && (await headObject(bucket, name, signal)) !== undefined) return 'exists';
  try {
    await sendConditionally(ifAbsent, send);
  } catch (error) {
    if (!isAmbiguous(error) && signal?.aborted !== true) throw error;
    const there = await headObject(bucket, name).catch(() => undefined);
    if (there?.writer === id && there.bytes === bytes) return 'written';
    if (isRefusedCondition(error)) return 'exists';
    throw error;
  }
  if (!ifAbsent) return 'written';
  const there = await headObject(bucket, name);
  return there?.writer === undefined || there.writer === id ? 'written' : 'exists';
}

async function sendConditionally(
  ifAbsent: boolean,
  send: (condition: Condition) => Promise<void>,
): Promise<void> {
  if (!ifAbsent) return send({});
  try {
    await send({ IfNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof S3Failure) || error.status !== 501) throw error;
    await send({});
  }
}

function isRefusedCondition(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 412;
}

/** Whether the request may have been carried out all the same: now, or by an attempt whose answer got lost. */
function isAmbiguous(error: unknown): boolean {
  return (
    error instanceof S3Failure &&
    (isRefusedCondition(error) || error.code === 'StorageUnavailable' || error.code === 'StorageUnreachable')
  );
}
