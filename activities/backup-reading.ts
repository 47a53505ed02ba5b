import type { RecordReading } from '../archive/archive.ts';
import { readRecords } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';

/** What of a manifest says where the records are and what they must come out as. */
export type Stored = Pick<Manifest, 'job' | 'id' | 'objects' | 'content'>;

/**
 * Reads all records of a backup. Sizes, digests and counts are checked before the last batch is handed on.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed, UnsupportedVersion
 */
export function readBackup(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
): RecordReading {
  const object = recordsOf(backup);
  const name = objectName(backup.job, object.name);
  return readRecords(byteSource(storage, name, signal), object, {
    identities,
    address: `${storage.address}/${name}`,
    content: backup.content,
    signal,
  });
}

/** @throws UnsupportedVersion */
export function recordsOf({ job, id, objects }: Stored): DataObject {
  const object = objects.find(({ format }) => format === 'records.ndjson');
  if (object !== undefined) return object;
  const found = objects.map(({ format }) => format).join(', ') || 'no object at all';
  throw new HoldfastError(
    'UnsupportedVersion',
    `Backup ${id} of ${job} holds no records (it holds ${found}); this release reads records only.`,
  );
}
