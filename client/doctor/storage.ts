import { randomUUID } from 'node:crypto';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { type Finding, ok } from './finding.ts';

const check = 'storage';

/**
 * Does with an object of its own all that backups and restores do with theirs, and removes it whatever became of it.
 *
 * @throws what the storage throws, naming what was asked and the address
 */
export async function checkStorage(
  storage: Storage,
  job: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const name = `${job}/doctor/${randomUUID()}`;
  const body = Buffer.from(`holdfast doctor looked here at ${new Date().toISOString()}\n`);
  await Array.fromAsync(storage.list(`${job}/doctor/`, signal));
  try {
    await storage.putOnce(name, body, signal);
    if (await storage.putOnce(name, Buffer.from('another'), signal)) throw writesTwice(storage, name);
    const read = Buffer.concat(await Array.fromAsync(storage.get(name, { signal })));
    if (!read.equals(body)) throw readsOtherwise(storage, name);
    await storage.abortUploads(`${job}/doctor/`, signal);
  } finally {
    await storage.remove([name]);
  }
  if ((await storage.head(name, signal)) !== undefined) throw keeps(storage, name);
  return [ok(check, `${storage.address}: lists, writes once, reads back, deletes`)];
}

function writesTwice({ address }: Storage, name: string): HoldfastError {
  const message = `${address}/${name} was written a second time, though it was there: two runs could overwrite each other.`;
  return new HoldfastError('StorageMisconfigured', message);
}

function readsOtherwise({ address }: Storage, name: string): HoldfastError {
  return new HoldfastError('ArchiveCorrupt', `${address}/${name} reads back otherwise than it was written.`);
}

function keeps({ address }: Storage, name: string): HoldfastError {
  return new HoldfastError('StorageMisconfigured', `${address}/${name} was deleted, and is still there.`);
}
