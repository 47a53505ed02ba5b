import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { isName } from '../name.ts';
import type { ObjectInfo } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import { brokenAnswer, S3Failure } from './failure.ts';

/** The objects below a prefix; what is no name of ours (a console's `folder/`) is passed over. */
export async function* list(
  bucket: Bucket,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ObjectInfo, void> {
  let previous = '';
  for await (const page of pages(bucket, { Prefix: bucket.keyPrefix(prefix) }, prefix, signal)) {
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      const name = bucket.nameOf(Key);
      if (!isName(name)) continue;
      if (name <= previous) throw outOfOrder(bucket, previous, name);
      previous = name;
      yield { name, bytes: Size, modified: LastModified };
    }
  }
}

/** The distinct next parts below a folder. */
export async function* folders(
  bucket: Bucket,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<string, void> {
  const Prefix = bucket.keyPrefix(folder);
  // With the `/`, as S3 compares them, "a-b/" comes before "a/".
  const found: string[] = [];
  for await (const page of pages(bucket, { Prefix, Delimiter: '/' }, folder, signal)) {
    for (const common of page.CommonPrefixes ?? []) {
      const name = (common.Prefix ?? '').slice(Prefix.length, -1);
      if (isName(name)) found.push(name);
    }
  }
  yield* found.sort();
}

async function* pages(
  bucket: Bucket,
  input: { readonly Prefix: string; readonly Delimiter?: string },
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListObjectsV2CommandOutput, void> {
  let next: { readonly ContinuationToken?: string } = {};
  do {
    const query = { Bucket: bucket.name, ...input, ...next };
    const page = await bucket.request({ action: 'LIST', name, signal }, async (options) => {
      const answer = await bucket.client.send(new ListObjectsV2Command(query), options);
      return listingOnly(answer, bucket.addressOf(name));
    });
    yield page;
    const token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    next = token === undefined ? {} : { ContinuationToken: token };
  } while (next.ContinuationToken !== undefined);
}

/** Ends uploads that never completed; gives how many. */
export async function abortUploads(
  bucket: Bucket,
  prefix: string,
  signal?: AbortSignal,
  startedBefore = new Date(8.64e15),
): Promise<number> {
  let aborted = 0;
  let next: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {};
  for (;;) {
    const query = { Bucket: bucket.name, Prefix: bucket.keyPrefix(prefix), ...next };
    const asked = { action: 'Listing the uploads of', name: prefix, signal };
    const page = await bucket.request(asked, async (options) => {
      const answer = await bucket.client.send(new ListMultipartUploadsCommand(query), options);
      return listingOnly(answer, bucket.addressOf(prefix));
    });
    for (const { Key, UploadId, Initiated = new Date(0) } of page.Uploads ?? []) {
      if (Initiated >= startedBefore) continue;
      const request = { Bucket: bucket.name, Key, UploadId };
      const name = bucket.nameOf(Key ?? '');
      if (await abort(bucket, name, request, signal)) aborted++;
    }
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return aborted;
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker } = page;
    next = { KeyMarker, ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }) };
  }
}

/** A login page that some gateway sends with 200 would otherwise look like an empty listing. */
function listingOnly<T extends { readonly IsTruncated?: boolean | undefined }>(
  answer: T,
  address: string,
): T {
  if (answer.IsTruncated === undefined) throw brokenAnswer(address, 'something that is no listing');
  return answer;
}

async function abort(
  bucket: Bucket,
  name: string,
  request: ConstructorParameters<typeof AbortMultipartUploadCommand>[0],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await bucket.request({ action: 'Aborting an upload of', name, signal }, (options) =>
      bucket.client.send(new AbortMultipartUploadCommand(request), options),
    );
    return true;
  } catch (error) {
    // It has ended by itself in the meantime.
    if (error instanceof S3Failure && error.s3Code === 'NoSuchUpload') return false;
    throw error;
  }
}

function outOfOrder(bucket: Bucket, previous: string, name: string): HoldfastError {
  return new HoldfastError(
    'StorageMisconfigured',
    `${bucket.address} lists its objects out of order (${name} after ${previous}); ` +
      'such a bucket (an S3 Express directory bucket, for one) cannot keep backups.',
  );
}
