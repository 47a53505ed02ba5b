import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { applyRestore } from '../../activities/apply-restore.ts';
import { importBackup } from '../../activities/import-backup.ts';
import { withStorage } from '../../activities/open.ts';
import { planRestore } from '../../activities/plan-restore.ts';
import { proveRestore } from '../../activities/prove-restore.ts';
import { jobOf, type Step } from '../../activities/step.ts';
import { readOldBackup } from '../../formats/read.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { backupId } from '../../workflows/contract/names.ts';
import type { Io } from '../io.ts';
import { openedObject } from '../old-file.ts';
import { takeBackup } from './backup.ts';
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
    const backup = await readOldBackup(file, { format: 'consulate', base64: false, now });
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

/** Plans, backs up what is about to be overwritten (beside the other backups), writes, and compares. */
async function restoreFrom(
  source: Step,
  kept: Step,
  backup: string,
  { overwrite }: OneShot,
): Promise<string> {
  const mode = overwrite ? 'overwrite' : 'missing-only';
  const restoreId = `${backupId(new Date())}-once`;
  const plan = await planRestore(source, { job: jobName, restoreId, request: { backup, mode } });
  if (plan.change > 0) await takeBackup(kept, 'safety', plan.to);
  const applied = await applyRestore(source, { plan });
  const examples = applied.examples.map(({ key, reason }) => `${key} (${reason})`).join(', ');
  if (applied.conflicts > 0)
    throw new HoldfastError('RestoreConflict', `${applied.conflicts} keys changed meanwhile: ${examples}.`);
  const proof = await proveRestore(source, { plan });
  if (proof.differing > 0)
    throw new HoldfastError(
      'RestoreUnproven',
      `${proof.differing} keys differ: ${proof.examples.join(', ')}.`,
    );
  if (applied.refused > 0)
    throw new HoldfastError('Unrestorable', `${applied.refused} keys could not be written: ${examples}.`);
  const { added, changed } = applied;
  return `${backup}: ${added} keys added, ${changed} changed, ${plan.equal} as wanted already, ${plan.keep} left as they are; compared.`;
}
