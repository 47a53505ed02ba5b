import { setTimeout as sleep } from 'node:timers/promises';
import { capture } from '../../activities/capture.ts';
import { discard } from '../../activities/discard.ts';
import { openStore } from '../../activities/open.ts';
import { publish } from '../../activities/publish.ts';
import { jobOf, type Step } from '../../activities/step.ts';
import { verify } from '../../activities/verify.ts';
import { refusalOfConsulate } from '../../formats/consulate.ts';
import { openObjects, type Objects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { backupId } from '../../workflows/contract/names.ts';
import type { BackupReason, Scope } from '../../workflows/contract/manifest.ts';
import type { RecordBatches } from '../../workflows/contract/record.ts';
import type { Io } from '../io.ts';
import { exportText } from '../export-text.ts';
import { putProven } from '../streams/put-proven.ts';
import { jobName, type OneShot } from './settings.ts';

/** Gives the line that says what was stored. */
export async function backUp(oneShot: OneShot, step: Step, io: Io): Promise<string> {
  if (oneShot.format === 'consulate') return backUpAsConsulate(oneShot, step, io);
  return takeBackup(step, 'manual');
}

/** Captures, reads back and publishes, as the workflow does. Gives the manifest's address. */
export async function takeBackup(step: Step, reason: BackupReason, scope?: Scope): Promise<string> {
  for (;;) {
    const id = backupId(new Date());
    try {
      const captured = await capture(step, { job: jobName, id, reason, ...(scope && { scope }) });
      const verified = await verify(step, { captured });
      return (await publish(step, { captured, verified })).manifest;
    } catch (error) {
      // Ids are to the second, and another run has taken this one.
      if (isTaken(error)) await sleep(1000, undefined, { signal: step.signal });
      else {
        const unstoppable = { ...step, signal: new AbortController().signal };
        await discard(unstoppable, { job: jobName, id }).catch(() => undefined);
        throw error;
      }
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'BackupExists';
}

/** One object `<BACKUP_FILE>.<VERSION>.json` at the root of the bucket, as adsabs/consul-backup named it. */
async function backUpAsConsulate(oneShot: OneShot, step: Step, io: Io): Promise<string> {
  const job = jobOf(step.config, jobName);
  if (job.storage.kind !== 's3') throw new HoldfastError('Defect', 'A one-shot keeps backups in S3.');
  const objects = openObjects(job.storage.s3, { attributes: { ContentType: 'application/json' } });
  const store = openStore(job);
  try {
    const { address } = await store.describe(step.signal);
    const key = await keyOf(oneShot, objects, step.signal);
    const { records } = await store.read(job.scope, step.signal);
    const text = exportText(carried(records, address), { format: 'consulate', base64: false });
    const stored = await putProven(objects, key, asBytes(text), false, io);
    return `${stored.address} (${stored.bytes} bytes, SHA-256 ${stored.sha256})`;
  } finally {
    await store.close();
    objects.close();
  }
}

/** A version that is named is replaced; today's is not, if it is there already: the time of day is added then. */
async function keyOf(oneShot: OneShot, objects: Objects, signal: AbortSignal): Promise<string> {
  const { backupFile, version } = oneShot;
  if (version !== undefined) return `${backupFile}.${version}.json`;
  const now = new Date();
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const key = `${backupFile}.${date}.json`;
  if ((await objects.head(key, signal)) === undefined) return key;
  return `${backupFile}.${date}-${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-')}.json`;
}

/** Refuses what rows of consulate cannot hold, and a store that shows nothing. */
async function* carried(records: RecordBatches, address: string): RecordBatches {
  let count = 0;
  for await (const batch of records) {
    for (const record of batch) {
      const reason = refusalOfConsulate(record, false);
      if (reason === undefined) continue;
      const key = JSON.stringify(record.key.toString());
      throw new HoldfastError(
        'BadRequest',
        `FORMAT=consulate cannot hold ${key}: ${reason}. Leave FORMAT out.`,
      );
    }
    count += batch.length;
    yield batch;
  }
  if (count === 0) throw new HoldfastError('StoreEmpty', `Consul at ${address} shows no keys.`);
}

async function* asBytes(text: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const part of text) yield Buffer.from(part);
}
