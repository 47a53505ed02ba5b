import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { importBackup } from '../../activities/import-backup.ts';
import { withStorage } from '../../activities/open.ts';
import { jobOf, type Step } from '../../activities/step.ts';
import { readOldBackup } from '../../formats/read.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { RestoreRequest } from '../../workflows/contract/restore.ts';
import { restoreDirectly } from '../direct/restore.ts';
import { named } from '../failure.ts';
import type { Io } from '../io.ts';
import { openedObject } from '../old-file.ts';
import { jobName, type OneShot, withDirectory } from './settings.ts';

/** Gives the line that says what was restored. */
export async function restore(oneShot: OneShot, step: Step, io: Io): Promise<string> {
  const wanted = oneShot.restoreId ?? '';
  if (oneShot.format === 'holdfast') return restoreFrom(step, step, wanted, oneShot);
  const folder = await mkdtemp(join(oneShot.temporary, 'holdfast-'));
  try {
    const local: Step = { ...step, config: withDirectory(oneShot, folder, io.env) };
    return await restoreFrom(local, step, await fetchConsulate(oneShot, local, step), oneShot);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a backup in the temporary directory out of the object; gives its id. */
async function fetchConsulate(oneShot: OneShot, local: Step, { config, signal }: Step): Promise<string> {
  const { storage } = jobOf(config, jobName);
  if (storage.kind !== 's3') throw new HoldfastError('Defect', 'A one-shot keeps backups in S3.');
  const key = await keyOf(oneShot, config, signal);
  return openedObject(storage.s3, key, signal, async (file) => {
    const now = new Date();
    const backup = await readOldBackup(file, 'consulate', { base64: false, now });
    const { address, modified } = file;
    return (await importBackup(local, { job: jobName, backup, address, modified, now })).captured.id;
  });
}

async function keyOf(
  { backupFile, restoreId = '' }: OneShot,
  config: Step['config'],
  signal: AbortSignal,
): Promise<string> {
  if (restoreId !== 'latest') return `${backupFile}.${restoreId}.json`;
  return withStorage(jobOf(config, jobName), async (storage) => {
    const found = await Array.fromAsync(storage.list(`${backupFile}.`, signal));
    const newest = found
      .filter(({ name }) => name.endsWith('.json'))
      .reduce<(typeof found)[number] | undefined>(
        (best, other) => (best === undefined || other.modified > best.modified ? other : best),
        undefined,
      );
    if (newest !== undefined) return newest.name;
    throw new HoldfastError('BackupNotFound', `${storage.address} holds no ${backupFile}.….json.`);
  });
}

async function restoreFrom(
  source: Step,
  keeping: Step,
  backup: string,
  { overwrite }: OneShot,
): Promise<string> {
  const mode = overwrite ? 'overwrite' : 'missing-only';
  const request: RestoreRequest = { backup, mode, approved: true, noSafetyBackup: !overwrite };
  const decide = (): Promise<boolean> => Promise.resolve(true);
  const report = await restoreDirectly(source, { job: jobName, request, decide, keeping });
  const { failure, plan, applied } = report;
  if (failure !== undefined) throw named(failure.code, failure.message);
  const [added, changed] = [applied?.added ?? 0, applied?.changed ?? 0];
  return `${report.backup}: ${added} keys added, ${changed} changed, ${plan?.equal ?? 0} as wanted already, ${plan?.keep ?? 0} left as they are; compared.`;
}
