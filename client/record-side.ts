import { openStore } from '../activities/open.ts';
import { snapshotOf } from '../activities/snapshot-file.ts';
import { readRecords } from '../archive/reader.ts';
import type { JobConfig } from '../config/config.ts';
import type { Side } from '../stores/difference.ts';
import { keysOf } from './backup-keys.ts';
import type { Io } from './io.ts';
import type { ProgressLine } from './progress.ts';
import { openKeys } from './records.ts';
import type { OpenedSource } from './sources.ts';

/** What a comparison calls the store as it is now. */
export const live = 'live';

/** Keys to compare, of a backup or of the live store. */
export interface RecordSide {
  /** The id of the backup, or `live`. */
  readonly name: string;
  /** Of whose keys it holds all; `undefined`: of any. */
  readonly prefix: string | undefined;
  /** Opens the keys under a prefix, which lies within that of the side. */
  open(prefix: string): Promise<Side>;
}

/** The keys of a backup, also where it is a snapshot. What is opened for it is closed with `opened`. */
export async function backupSide(
  source: OpenedSource,
  which: string,
  opened: AsyncDisposableStack,
  line: ProgressLine,
  io: Io,
): Promise<RecordSide> {
  const backup = await openKeys(source, which, io);
  const { id, scope } = backup.manifest;
  const described = { source: `Backup ${id}`, disorder: 'ArchiveCorrupt' } as const;
  if (snapshotOf(backup.manifest) === undefined) {
    const { bytes, object, options } = backup;
    const records = () => readRecords(bytes, object, options).records;
    const open = () => Promise.resolve({ ...described, records: records() });
    return { name: id, prefix: scope.prefix, open };
  }
  return {
    name: id,
    prefix: scope.prefix,
    async open(prefix) {
      const { signal } = io;
      const keys = keysOf(source, backup, opened, {
        signal,
        onProgress: (progress) => line.update(progress),
      });
      return { ...described, records: (await keys(prefix)).records };
    },
  };
}

/** The keys of the store as they are now. */
export function liveSide(
  name: string,
  store: JobConfig['store'],
  opened: AsyncDisposableStack,
  io: Io,
): RecordSide {
  const reached = openStore({ name, store });
  opened.defer(() => reached.close());
  return {
    name: live,
    prefix: undefined,
    async open(prefix) {
      const { records } = await reached.read({ prefix }, io.signal);
      return { records, source: 'The store', disorder: 'StreamBroken' };
    },
  };
}
