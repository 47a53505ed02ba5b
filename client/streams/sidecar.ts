import { buffer } from 'node:stream/consumers';
import type { Objects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { ObjectAddress } from '../object-address.ts';

/** What gof3r says that an object is: the MD5 of all its bytes, and where it says so. */
export interface Sidecar {
  readonly address: string;
  /** 32 hex digits. */
  readonly md5: string;
}

/**
 * gof3r keeps the MD5 of `key` in `.md5/key.md5`, and where the name of the bucket has a dot, in
 * `.md5/bucket/key.md5`. An object that Holdfast has made has none: what lies there is of an earlier object.
 *
 * @throws ArchiveCorrupt where there is one that holds no MD5
 */
export async function findSidecar(
  objects: Objects,
  { s3, key }: ObjectAddress,
  signal: AbortSignal,
): Promise<Sidecar | undefined> {
  const found = await objects.head(key, signal);
  if (found?.writer !== undefined) return undefined;
  const places = [`.md5/${key}.md5`, `.md5/${s3.bucket}/${key}.md5`];
  for (const place of s3.bucket.includes('.') ? places.reverse() : places) {
    const there = await objects.head(place, signal);
    if (there === undefined) continue;
    const address = objects.addressOf(place);
    const md5 =
      there.bytes > 100 ? '' : (await buffer(objects.get(place, { signal }))).toString('latin1').trim();
    if (/^[0-9a-f]{32}$/.test(md5)) return { address, md5 };
    throw new HoldfastError('ArchiveCorrupt', `${address} should hold an MD5 in 32 hex digits.`);
  }
  return undefined;
}
