import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource, ReadOptions } from '../archive/archive.ts';
import { readBytes } from '../archive/bytes.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { openFileKeys as openConsulKeys } from '../stores/consul/file-keys.ts';
import { type LocalFile, openFileKeys } from '../stores/etcd/file-keys.ts';
import type { FileKeys } from '../stores/store.ts';
import { makeTiedDirectory } from '../stores/tied-directory.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';
import type { Step } from './step.ts';

/** The snapshot of etcd or Consul among the objects of a backup. */
export function snapshotOf({ objects }: Pick<Manifest, 'objects'>): DataObject | undefined {
  return objects.find(({ format }) => format === 'snapshot.db' || format === 'consul.snap');
}

/**
 * Writes what was backed up as a plain file that only its owner may read. The file is what was captured only once
 * this has returned: sizes and digests are checked on the way.
 *
 * @throws ArchiveCorrupt, DecryptFailed, ObjectMissing
 */
export async function writePlainFile(
  path: string,
  source: ByteSource,
  object: DataObject,
  options: ReadOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of readBytes(source, object, options)) {
      await file.writeFile(chunk);
      bytes += chunk.length;
      onBytes(bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Opens the keys of a snapshot backup, to be read as `readBackup` reads those of a backup of keys. Those of Consul are
 * read from the storage, in a stream. For those of etcd, disk space of twice the snapshot is needed in the temporary
 * directory while it opens, afterwards of once.
 *
 * @throws ProgramMissing, ProgramFailed, ArchiveCorrupt, DecryptFailed, ObjectMissing
 */
export async function openSnapshotKeys(
  storage: Storage,
  backup: Pick<Manifest, 'job' | 'moment'>,
  object: DataObject,
  options: Pick<ReadOptions, 'identities'> & Pick<Step, 'signal' | 'onProgress'>,
  phase: Progress['phase'],
): Promise<FileKeys> {
  const { signal, onProgress } = options;
  const name = objectName(backup.job, object.name);
  const address = `${storage.address}/${name}`;
  if (object.format === 'consul.snap') {
    const open = () => readBytes(byteSource(storage, name, signal), object, { ...options, address });
    return openConsulKeys(open, { address, index: backup.moment.index });
  }
  const provide = async (): Promise<LocalFile> => {
    const directory = await makeTiedDirectory(tmpdir(), 'holdfast-snapshot-');
    try {
      const path = join(directory.path, 'snapshot.db');
      const tell = (bytes: number) => onProgress({ phase, records: 0, bytes, bytesTotal: object.plainBytes });
      await writePlainFile(path, byteSource(storage, name, signal), object, { ...options, address }, tell);
      return { path, remove: () => directory.remove() };
    } catch (error) {
      await directory.remove();
      throw error;
    }
  };
  return openFileKeys(provide, backup.moment.index, signal);
}
