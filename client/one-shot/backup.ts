import { openStore } from '../../activities/open.ts';
import { jobOf, type Step } from '../../activities/step.ts';
import { refusalOfConsulate } from '../../formats/consulate.ts';
import { openObjects, type Objects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { RecordBatches } from '../../workflows/contract/record.ts';
import { takeBackup } from '../direct/backup.ts';
import type { Io } from '../io.ts';
import { exportText } from '../export-text.ts';
import { putProven } from '../streams/put-proven.ts';
import { jobName, type OneShot } from './settings.ts';

/** Gives the line that says what was stored. */
export async function backUp(oneShot: OneShot, step: Step, io: Io): Promise<string> {
  if (oneShot.format === 'consulate') return backUpAsConsulate(oneShot, step, io);
  return (await takeBackup(step, { job: jobName, reason: 'manual' })).manifest;
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
