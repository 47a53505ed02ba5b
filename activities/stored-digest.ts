import { createHash } from 'node:crypto';
import type { Storage } from '../storage/storage.ts';

export interface StoredDigest {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Reads every byte of an object as it is stored; no identity is needed for that. @throws ObjectMissing */
export async function readDigest(
  storage: Storage,
  name: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<StoredDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of storage.get(name, { signal })) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(bytes);
  }
  return { bytes, sha256: hash.digest('hex') };
}
