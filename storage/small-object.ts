import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Storage } from './storage.ts';

/** Far more than any document has; so that a file put in its place cannot fill the memory. */
const limit = 16 * 1024 * 1024;

/**
 * All bytes of a document.
 *
 * @param what it is, for messages: `a manifest`
 * @throws ObjectMissing, ArchiveCorrupt where it is far too large
 */
export async function readSmallObject(
  storage: Storage,
  name: string,
  what: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of storage.get(name, signal === undefined ? {} : { signal })) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limit)
      throw new HoldfastError('ArchiveCorrupt', `${storage.address}/${name} is far larger than ${what}.`);
  }
  return Buffer.concat(chunks);
}
