import { documentsOf, recordsOf } from '../activities/backup-reading.ts';
import { indicesOf } from '../activities/index-facts.ts';
import { byteSource } from '../activities/open.ts';
import { snapshotOf } from '../activities/snapshot-file.ts';
import type { ByteSource, ReadOptions } from '../archive/archive.ts';
import { findBackup } from '../storage/find.ts';
import { objectName } from '../storage/layout.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import type { Io } from './io.ts';
import type { OpenedSource } from './sources.ts';

/** The object of one backup, ready for the functions of archive/. */
export interface OpenedBackup {
  readonly manifest: Manifest;
  readonly object: DataObject;
  readonly bytes: ByteSource;
  readonly options: ReadOptions & Pick<Manifest, 'content'>;
}

/** Records, or a snapshot of a store of keys. @throws BackupNotFound, BadRequest where there is none of these, ConfigInvalid where an identity file cannot be read */
export async function openKeys(source: OpenedSource, which: string, io: Io): Promise<OpenedBackup> {
  return open(source, which, io, (manifest) => snapshotOf(manifest) ?? recordsOf(manifest));
}

/** Records, documents, or a snapshot of a store of keys. @throws BackupNotFound, BadRequest where there is none of these, ConfigInvalid */
export async function openContent(source: OpenedSource, which: string, io: Io): Promise<OpenedBackup> {
  return open(
    source,
    which,
    io,
    (manifest) => documentsOf(manifest) ?? snapshotOf(manifest) ?? recordsOf(manifest),
  );
}

/** Records, documents, a snapshot, or the facts about indices. @throws BackupNotFound, UnsupportedVersion, ConfigInvalid where an identity file cannot be read */
export async function openBackup(source: OpenedSource, which: string, io: Io): Promise<OpenedBackup> {
  return open(
    source,
    which,
    io,
    (manifest) => snapshotOf(manifest) ?? indicesOf(manifest) ?? documentsOf(manifest) ?? recordsOf(manifest),
  );
}

async function open(
  source: OpenedSource,
  which: string,
  io: Io,
  choose: (manifest: Manifest) => DataObject,
): Promise<OpenedBackup> {
  const { job, storage } = source;
  const { manifest } = await findBackup(storage, job, which, io.signal);
  const object = choose(manifest);
  // By the folder's name: the manifest of a job that was renamed still has the old one.
  const name = objectName(job, object.name);
  return {
    manifest,
    object,
    bytes: byteSource(storage, name, io.signal),
    options: {
      identities: object.encryption === 'none' ? [] : await source.identities(),
      address: `${storage.address}/${name}`,
      content: manifest.content,
      signal: io.signal,
    },
  };
}
