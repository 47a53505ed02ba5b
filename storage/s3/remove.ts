import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { Bucket } from './bucket.ts';
import { brokenAnswer, refusal } from './failure.ts';

/** What S3 takes in one request. */
const batch = 1000;

/** Deletes objects by the thousand. Removing is idempotent, so a batch of which a part failed is sent again whole. */
export async function remove(bucket: Bucket, names: readonly string[], signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const keys = names.map((name) => bucket.key(name));
  for (let from = 0; from < keys.length; from += batch) {
    const Objects = keys.slice(from, from + batch).map((Key) => ({ Key }));
    const request = { Bucket: bucket.name, Delete: { Objects } };
    await bucket.request({ action: 'DELETE', name: names[from] ?? '', signal }, async (options) => {
      const { Deleted = [], Errors = [] } = await bucket.client.send(
        new DeleteObjectsCommand(request),
        options,
      );
      const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
      if (first) {
        const { Key = '', Code = 'no reason', Message = '' } = first;
        throw refusal(bucket.addressOf(bucket.nameOf(Key)), Code, Message);
      }
      if (Deleted.length + Errors.length === 0) throw brokenAnswer(bucket.address, 'nothing to a deletion');
    });
  }
}
