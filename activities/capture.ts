import { writeRecords } from '../archive/writer.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { CaptureInput, Captured, Progress } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Scope, StoreDescription } from '../workflows/contract/manifest.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import { removeUnpublished } from './discard.ts';
import { type Ends, withEnds } from './open.ts';
import { ownPublished } from './own-published.ts';
import { jobOf, type Step } from './step.ts';
import { findUnchanged } from './unchanged.ts';

/**
 * Reads the store once and stores what it reads. Nothing is a backup yet: `verify` and `publish` make it one.
 * What an earlier attempt left is removed first.
 *
 * @throws BackupExists, StoreEmpty, and what stores and storages throw
 */
export async function capture(step: Step, input: CaptureInput): Promise<Captured> {
  const job = jobOf(step.config, input.job);
  return withEnds(job, (ends) => captureJob(step, job, ends, input));
}

export async function captureJob(
  step: Step,
  job: JobConfig,
  ends: Ends,
  input: CaptureInput,
): Promise<Captured> {
  const { store, storage } = ends;
  const published = await ownPublished(step, storage, input);
  if (published !== undefined) return published;
  // Never in a first attempt: one that was frozen and wakes up late would remove what the second one has stored.
  if ((step.run?.attempt ?? 1) > 1) await removeUnpublished(storage, job.name, input.id, step.signal);

  step.onProgress({ phase: 'connecting', records: 0, bytes: 0 });
  const description = await store.describe(step.signal);
  const scope = input.scope ?? job.scope;
  const base = { job: job.name, id: input.id, reason: input.reason, store: description, scope };
  const unchanged = await findUnchanged(step.signal, ends, {
    ...base,
    recipients: job.encryption.recipients,
  });
  if (unchanged !== undefined) {
    step.log.info('The store has not changed', { job: job.name, since: unchanged.unchangedSince });
    return { ...base, ...unchanged, capturedAt: new Date().toISOString() };
  }
  return { ...base, ...(await captureRecords(step, job, ends, base)) };
}

type Base = Pick<CaptureInput, 'id' | 'reason'> & { readonly scope: Scope; readonly store: StoreDescription };

async function captureRecords(
  step: Step,
  job: JobConfig,
  { store, storage }: Ends,
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

/** There is no manifest, so an object that is there is one of an earlier attempt: the next one removes it. */
async function putOwn(
  storage: Storage,
  name: string,
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await storage.put(name, bytes, { signal, ifAbsent: true });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BackupExists') throw error;
    const message = `${storage.address}/${name} is there already, left by an earlier attempt; it is made anew.`;
    throw new HoldfastError('StreamBroken', message, { cause: error });
  }
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
