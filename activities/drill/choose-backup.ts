import { createHash } from 'node:crypto';
import { listBackups, type PublishedBackup } from '../../storage/catalog.ts';
import { findBackup } from '../../storage/find.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ChooseBackupInput, ChosenBackup } from '../../workflows/contract/drill.ts';
import { withStorage } from '../open.ts';
import { jobOf, type Step } from '../step.ts';

/** Says which backup is drilled. @throws BackupNotFound, BadRequest, what made a manifest unreadable */
export async function chooseBackup(
  { config, signal }: Step,
  { job: name, id, backup }: ChooseBackupInput,
): Promise<ChosenBackup> {
  const job = jobOf(config, name);
  const asked = backup ?? job.drill.backup;
  return withStorage(job, async (storage) => {
    const drawn = asked === 'random' ? await draw(storage, name, id, signal) : undefined;
    const { manifest } =
      drawn ?? (await findBackup(storage, name, asked === 'random' ? 'latest' : asked, signal));
    return { asked, backup: manifest.id, capturedAt: manifest.capturedAt };
  });
}

/** One of those before the newest; undefined where there is none. The same drill draws the same. */
async function draw(
  storage: Storage,
  job: string,
  id: string,
  signal: AbortSignal,
): Promise<PublishedBackup | undefined> {
  const entries = await Array.fromAsync(listBackups(storage, job, signal));
  const [, ...older] = entries.filter((entry) => entry.state === 'published').filter(isWhole);
  const number = createHash('sha256').update(`${job} ${id}`).digest().readUInt32BE();
  return older[number % older.length];
}

/** As for `latest`: a safety backup holds only a part, and an imported one is not of this store. */
function isWhole({ manifest: { reason } }: PublishedBackup): boolean {
  return reason !== 'safety' && reason !== 'import';
}
