import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';

/** There is no manifest, so an object that is there is one of an earlier attempt: the next one removes it. */
export async function putOwn(
  storage: Storage,
  name: string,
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await storage.put(name, bytes, { signal, ifAbsent: true });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BackupExists') throw error;
    const message = `${storage.address}/${name} is there already, left by an earlier attempt; it is made anew.`;
    throw new HoldfastError('StreamBroken', message, { cause: error });
  }
}
