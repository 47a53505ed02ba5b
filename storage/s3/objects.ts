import type { S3Settings } from '../settings.ts';
import type { GetOptions, PutOptions } from '../storage.ts';
import { defaultPatiences, type Patiences } from './attempts.ts';
import { type BucketOptions, type Head, headObject, openBucket } from './bucket.ts';
import { get } from './get.ts';
import { put } from './put.ts';

/** Objects of a bucket under any key, as other programs name them; else as those of a storage. */
export interface Objects {
  /** `s3://bucket/key` */
  addressOf(key: string): string;
  put(key: string, body: AsyncIterable<Buffer>, options: PutOptions): Promise<{ readonly bytes: number }>;
  get(key: string, options?: GetOptions): AsyncIterable<Buffer>;
  /** `writer` is absent where Holdfast has not made it. */
  head(key: string, signal?: AbortSignal): Promise<Head | undefined>;
  close(): void;
}

/** @param given what new objects are given, and how they are cut */
export function openObjects(
  settings: S3Settings,
  given: Omit<BucketOptions, 'checkName'> = {},
  patience: Patiences = defaultPatiences,
): Objects {
  const bucket = openBucket(settings, patience, { checkName: checkKey, ...given });
  return {
    addressOf: (key) => bucket.addressOf(key),
    put: (key, body, options) => put(bucket, key, body, options),
    get: (key, options) => get(bucket, key, options),
    head: (key, signal) => headObject(bucket, key, signal),
    close: () => bucket.client.destroy(),
  };
}

function checkKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > 1024) throw new TypeError('A key has 1 to 1024 bytes.');
}
