import type { ByteSource, RecordReading, RecordReadOptions } from '../archive/archive.ts';
import type { Counts } from '../archive/content.ts';
import { checkDocuments, type DocumentReading, readDocuments } from '../archive/documents/read-documents.ts';
import { type ArchivedIndex, readSummary } from '../archive/documents/read-summary.ts';
import { checkRecords, readRecords } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';

/** What of a manifest says where the records or documents are and what they must come out as. */
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
  const [source, object, options] = readingOf(storage, backup, recordsOf(backup), identities, signal);
  return readRecords(source, object, { ...options, lent });
}

/** Reads all documents of a backup, as `readBackup` reads records. */
export async function readDocumentBackup(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<DocumentReading> {
  return readDocuments(...readingOf(storage, backup, requireDocuments(backup), identities, signal));
}

/** What indices are in a backup of documents, and what they hold, without reading all of it. */
export async function readIndexSummary(
  storage: Storage,
  backup: Stored,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<readonly ArchivedIndex[]> {
  return readSummary(...readingOf(storage, backup, requireDocuments(backup), identities, signal));
}

/**
 * Reads all of a backup of records or documents for the sake of the checks alone, which is faster than making records of it.
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
  const documents = documentsOf(backup);
  const reading = readingOf(storage, backup, documents ?? recordsOf(backup), identities, signal);
  await (documents === undefined ? checkRecords : checkDocuments)(...reading, onCounts);
}

function readingOf(
  storage: Storage,
  backup: Stored,
  object: DataObject,
  identities: readonly string[],
  signal: AbortSignal,
): [ByteSource, DataObject, RecordReadOptions] {
  const name = objectName(backup.job, object.name);
  const address = `${storage.address}/${name}`;
  const options = { identities, address, content: backup.content, signal };
  return [byteSource(storage, name, signal), object, options];
}

/** The documents among the objects of a backup. */
export function documentsOf({ objects }: Pick<Manifest, 'objects'>): DataObject | undefined {
  return objects.find(({ format }) => format === 'documents.ndjson');
}

function requireDocuments(backup: Stored): DataObject {
  const object = documentsOf(backup);
  if (object !== undefined) return object;
  throw new HoldfastError('BadRequest', `Backup ${backup.id} of ${backup.job} is not one of documents.`);
}

/** @throws BadRequest where the backup is one of indices, UnsupportedVersion */
export function recordsOf({ job, id, objects }: Stored): DataObject {
  const object = objects.find(({ format }) => format === 'records.ndjson');
  if (object !== undefined) return object;
  if (objects.some(({ format }) => format === 'indices.ndjson')) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} is a snapshot in a repository of the cluster; its documents are not in this storage.`,
    );
  }
  if (objects.some(({ format }) => format === 'documents.ndjson')) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} holds documents of indices, and no keys. See them with \`holdfast cat ${job} ${id}\`.`,
    );
  }
  const found = objects.map(({ format }) => format).join(', ') || 'no object at all';
  throw new HoldfastError(
    'UnsupportedVersion',
    `Backup ${id} of ${job} holds no records (it holds ${found}); this release knows records, documents and snapshots.`,
  );
}
