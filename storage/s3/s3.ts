import type { S3Settings } from '../settings.ts';
import type { Storage } from '../storage.ts';
import { defaultPatiences, type Patiences } from './attempts.ts';
import { headObject, openBucket } from './bucket.ts';
import { get } from './get.ts';
import { abortUploads, folders, list } from './listing.ts';
import { put, putOnce } from './put.ts';
import { remove } from './remove.ts';

/** Opens a bucket of Amazon S3 or of a server that speaks its protocol; nothing is asked of it yet. */
export function openS3(settings: S3Settings, patience: Patiences = defaultPatiences): Storage {
  const bucket = openBucket(settings, patience);
  return {
    address: bucket.address,
    put: (name, body, options) => put(bucket, name, body, options),
    putOnce: (name, body, signal) => putOnce(bucket, name, body, signal),
    get: (name, options) => get(bucket, name, options),
    async head(name, signal) {
      const found = await headObject(bucket, name, signal);
      return found && { name, bytes: found.bytes, modified: found.modified };
    },
    list: (prefix, signal) => list(bucket, prefix, signal),
    folders: (folder, signal) => folders(bucket, folder, signal),
    remove: (names, signal) => remove(bucket, names, signal),
    abortUploads: (prefix, signal, startedBefore) => abortUploads(bucket, prefix, signal, startedBefore),
    close() {
      bucket.client.destroy();
      return Promise.resolve();
    },
  };
}
