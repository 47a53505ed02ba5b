import { openSnapshotKeys, snapshotOf } from '../activities/snapshot-file.ts';
import type { Counts } from '../archive/content.ts';
import { readPrefix } from '../archive/prefix.ts';
import { readRecords } from '../archive/reader.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import type { Io } from './io.ts';
import { createProgressLine } from './progress.ts';
import type { OpenedBackup } from './records.ts';
import type { OpenedSource } from './sources.ts';

/** The keys of a backup, of records or of a snapshot, that start with a prefix. May be called again. */
export type BackupKeys = (prefix: string) => Promise<KeyReading>;

export interface KeyReading {
  readonly records: RecordBatches;
  /** Of what was read. Valid once `records` has ended. */
  readonly counts: () => Counts;
  /** Whether all of the backup has been checked when `records` has ended. */
  readonly checksAll: boolean;
}

/**
 * Those of a snapshot of Consul are read as they pass; those of one of etcd through an etcd that is started from it
 * here. What is opened for that is closed with `opened`.
 */
export function keysOf(
  { storage, job }: Pick<OpenedSource, 'storage' | 'job'>,
  { manifest, object, bytes, options }: OpenedBackup,
  opened: AsyncDisposableStack,
  { signal, onProgress }: Pick<Io, 'signal'> & { readonly onProgress: (progress: Progress) => void },
): BackupKeys {
  const snapshot = snapshotOf(manifest);
  if (snapshot !== undefined) {
    return async (prefix) => {
      const { identities } = options;
      const backup = { ...manifest, job };
      const reader = { identities, signal, onProgress };
      const keys = await openSnapshotKeys(storage, backup, snapshot, reader, 'reading');
      opened.defer(() => keys.close());
      const { records } = await keys.read({ prefix }, signal);
      return { ...counted(records), checksAll: true };
    };
  }
  return (prefix) => {
    const reading =
      prefix === ''
        ? readRecords(bytes, object, options)
        : readPrefix(bytes, object, Buffer.from(prefix), options);
    const { records, content } = reading;
    return Promise.resolve({ records, counts: content, checksAll: prefix === '' });
  };
}

function counted(source: RecordBatches): Pick<KeyReading, 'records' | 'counts'> {
  const counts = { records: 0, bytes: 0 };
  async function* records(): AsyncGenerator<readonly KeyRecord[]> {
    for await (const batch of source) {
      for (const { key, value } of batch) {
        counts.records += 1;
        counts.bytes += key.length + (value?.length ?? 0);
      }
      yield batch;
    }
  }
  return { records: records(), counts: () => counts };
}

/** Opens the keys for a command, with a line of progress. */
export async function withKeys(
  source: OpenedSource,
  backup: OpenedBackup,
  io: Io,
  work: (keys: BackupKeys) => Promise<void>,
): Promise<void> {
  const line = createProgressLine(io);
  await using opened = new AsyncDisposableStack();
  opened.defer(() => line.clear());
  const keys = keysOf(source, backup, opened, { signal: io.signal, onProgress: (now) => line.update(now) });
  await work(async (prefix) => {
    const reading = await keys(prefix);
    line.clear();
    return reading;
  });
}
