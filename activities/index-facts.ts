import { readLines } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexFacts } from '../workflows/contract/index-facts.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';

/** The facts about indices among the objects of a backup. */
export function indicesOf({ objects }: Pick<Manifest, 'objects'>): DataObject | undefined {
  return objects.find(({ format }) => format === 'indices.ndjson');
}

/**
 * What was known of each index when the snapshot was taken. All digests are checked.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed, BadRequest where the backup is of something else
 */
export async function readFacts(
  storage: Storage,
  backup: Pick<Manifest, 'job' | 'id' | 'objects'>,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<readonly IndexFacts[]> {
  const object = indicesOf(backup);
  if (object === undefined) {
    throw new HoldfastError('BadRequest', `Backup ${backup.id} of ${backup.job} is not one of indices.`);
  }
  const name = objectName(backup.job, object.name);
  const address = `${storage.address}/${name}`;
  const facts: IndexFacts[] = [];
  for await (const lines of readLines(byteSource(storage, name, signal), object, {
    identities,
    address,
    signal,
  })) {
    for (const line of lines.toString().trimEnd().split('\n')) facts.push(JSON.parse(line) as IndexFacts);
  }
  return facts;
}
