import type { ByteSource, RecordReading, RecordReadOptions } from '../archive/archive.ts';
import type { Counts } from '../archive/content.ts';
import { checkRecords, readRecords } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';

/** What of a manifest says where the records are and what they must come out as. */
export type Stored = Pick<Manifest, 'job' | 'id' | 'objects' | 'content'>;

/**
 * Reads all records of a backup. Sizes, digests and counts are checked before the last batch is handed on. What is
 * `lent` is freed when the next batch is asked for; else records may be kept.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed, UnsupportedVersion
 */
export function readBackup(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
  { lent = false }: Pick<RecordReadOptions, 'lent'> = {},
): RecordReading {
  const [source, object, options] = readingOf(storage, backup, identities, signal);
  return readRecords(source, object, { ...options, lent });
}

/**
 * Reads all of a backup for the sake of the checks alone, which is faster than making records of it.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed, UnsupportedVersion
 */
export async function checkBackup(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
  onCounts: (counts: Counts) => void,
): Promise<void> {
  await checkRecords(...readingOf(storage, backup, identities, signal), onCounts);
}

function readingOf(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
): [ByteSource, DataObject, RecordReadOptions] {
  const object = recordsOf(backup);
  const name = objectName(backup.job, object.name);
  const address = `${storage.address}/${name}`;
  const options = { identities, address, content: backup.content, signal };
  return [byteSource(storage, name, signal), object, options];
}

/** @throws BadRequest where the backup is a snapshot, UnsupportedVersion */
export function recordsOf({ job, id, objects }: Stored): DataObject {
  const object = objects.find(({ format }) => format === 'records.ndjson');
  if (object !== undefined) return object;
  if (objects.some(({ format }) => format === 'snapshot.db')) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} is a snapshot of etcd, one file and no records. Write that file with ` +
        `\`holdfast fetch ${job} ${id}\`; \`etcdutl\` reads it.`,
    );
  }
  if (objects.some(({ format }) => format === 'indices.ndjson')) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} is a snapshot in a repository of the cluster; its documents are not in this storage.`,
    );
  }
  const found = objects.map(({ format }) => format).join(', ') || 'no object at all';
  throw new HoldfastError(
    'UnsupportedVersion',
    `Backup ${id} of ${job} holds no records (it holds ${found}); this release knows records and snapshots of etcd.`,
  );
}
