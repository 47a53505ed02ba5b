import type { S3Settings } from '../storage/settings.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { parseStorageAddress } from './storage-address.ts';

export interface ObjectAddress {
  /** Its prefix is empty: `key` is the whole key. */
  readonly s3: S3Settings;
  readonly key: string;
}

/**
 * One object: `s3://bucket/any key?endpoint=https://…&region=…&path_style=true`, with the parameters of `--storage`.
 * The key is taken as it stands, up to the `?`, not decoded.
 *
 * @throws BadRequest
 */
export function parseObjectAddress(address: string): ObjectAddress {
  const [, bucket, key, parameters = ''] = /^s3:\/\/([^/?]+)\/([^?]+)(\?.*)?$/s.exec(address) ?? [];
  if (bucket === undefined || key === undefined)
    throw new HoldfastError('BadRequest', `${address} names no object: expected s3://bucket/key.`);
  const storage = parseStorageAddress(`s3://${bucket}${parameters}`, address);
  if (Buffer.byteLength(key) > 1024)
    throw new HoldfastError('BadRequest', `${address} names no object: a key has at most 1024 bytes.`);
  if (storage.kind !== 's3') throw new HoldfastError('Defect', `${address} was taken for a directory.`);
  return { s3: storage.s3, key };
}

export function isObjectAddress(text: string): boolean {
  return text.startsWith('s3://');
}
