import { writeRecords } from '../archive/writer.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { KeyStore } from '../stores/store.ts';
import type { CaptureInput, Captured, Progress } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Scope, StoreDescription } from '../workflows/contract/manifest.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import { putOwn } from './put-own.ts';
import type { Step } from './step.ts';

type Base = Pick<CaptureInput, 'id' | 'reason'> & { readonly scope: Scope; readonly store: StoreDescription };

/** Reads the keys of the store once and stores them as records. */
export async function captureRecords(
  step: Step,
  job: JobConfig,
  { store, storage }: { readonly store: KeyStore; readonly storage: Storage },
  { id, reason, scope, store: { address } }: Base,
): Promise<Pick<Captured, 'moment' | 'content' | 'objects' | 'recipients' | 'leftOut' | 'capturedAt'>> {
  const { recipients } = job.encryption;
  const capturedAt = new Date().toISOString();
  const reading = await store.read(scope, step.signal);
  const mayBeEmpty = job.allowEmpty || reason === 'safety';
  const whenEmpty = mayBeEmpty ? undefined : () => emptyStore(job, scope, address);
  const writing = writeRecords(watched(reading.records, step.onProgress, whenEmpty), { recipients });
  const name = `${id}/records.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
  await putOwn(storage, objectName(job.name, name), writing.bytes, step.signal);
  return {
    moment: reading.moment,
    content: writing.content(),
    objects: [{ name, format: 'records.ndjson', ...writing.sealed() }],
    recipients,
    leftOut: reading.leftOut(),
    capturedAt,
  };
}

/** Passes records on, tells of the progress, and ends with an error where there were none and there must be some. */
async function* watched(
  records: RecordBatches,
  onProgress: Step['onProgress'],
  whenEmpty: (() => HoldfastError) | undefined,
): RecordBatches {
  let progress: Progress = { phase: 'reading', records: 0, bytes: 0 };
  onProgress(progress);
  for await (const batch of records) {
    const bytes = batch.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    progress = { ...progress, records: progress.records + batch.length, bytes: progress.bytes + bytes };
    onProgress(progress);
    yield batch;
  }
  if (progress.records === 0 && whenEmpty !== undefined) throw whenEmpty();
}

function emptyStore(job: JobConfig, { prefix }: Scope, address: string): HoldfastError {
  const where = prefix === '' ? 'no keys' : `no keys under ${JSON.stringify(prefix)}`;
  return new HoldfastError('StoreEmpty', `Job ${job.name}: ${job.store.kind} at ${address} shows ${where}.`);
}
