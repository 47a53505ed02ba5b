import { writePlainFile } from '../activities/snapshot-file.ts';
import type { Io } from './io.ts';
import { createProgressLine } from './progress.ts';
import type { OpenedBackup } from './records.ts';

/** Writes what was backed up as a plain file and shows how far it is. It is right once this has returned. */
export async function writeBackupTo(
  path: string,
  { bytes: source, object, options }: OpenedBackup,
  io: Io,
): Promise<void> {
  const line = createProgressLine(io);
  const bytesTotal = object.plainBytes;
  try {
    await writePlainFile(path, source, object, options, (bytes) =>
      line.update({ phase: 'reading', records: 0, bytes, bytesTotal }),
    );
  } finally {
    line.clear();
  }
}
