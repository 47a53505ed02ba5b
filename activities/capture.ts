import type { JobConfig } from '../config/config.ts';
import type { Storage } from '../storage/storage.ts';
import type { CaptureInput, Captured } from '../workflows/contract/backup.ts';
import type { Scope } from '../workflows/contract/manifest.ts';
import { captureDocuments } from './capture-documents.ts';
import { captureIndices } from './capture-indices.ts';
import { captureRecords } from './capture-records.ts';
import { captureSnapshot } from './capture-snapshot.ts';
import { removeUnpublished } from './discard.ts';
import {
  type Ends,
  givesSnapshots,
  holdsIndices,
  keepsOwnBackups,
  type SearchJob,
  withEnds,
  withStorage,
} from './open.ts';
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
  const started = performance.now();
  const captured = holdsIndices(job)
    ? await withStorage(job, (storage) => captureSearch(step, job, storage, input))
    : await withEnds(job, input, (ends) => captureJob(step, job, ends, input));
  if (captured.unchangedSince !== undefined) return captured;
  return { captureMilliseconds: Math.round(performance.now() - started), ...captured };
}

async function captureSearch(
  step: Step,
  job: JobConfig & SearchJob,
  storage: Storage,
  input: CaptureInput,
): Promise<Captured> {
  const published = await prepare(step, job, storage, input);
  if (published !== undefined) return published;
  return keepsOwnBackups(job)
    ? captureIndices(step, job, storage, input)
    : captureDocuments(step, job, storage, input);
}

/** What this very run has published already; else it makes way for a new attempt. */
async function prepare(
  step: Step,
  job: JobConfig,
  storage: Storage,
  input: CaptureInput,
): Promise<Captured | undefined> {
  const published = await ownPublished(step, storage, input);
  if (published !== undefined) return published;
  // Never in a first attempt: one that was frozen and wakes up late would remove what the second one has stored.
  if ((step.run?.attempt ?? 1) > 1) await removeUnpublished(storage, job.name, input.id, step.signal);
  step.onProgress({ phase: 'connecting', records: 0, bytes: 0 });
  return undefined;
}

/** A snapshot holds everything, whatever was asked for. */
const whole: Scope = { prefix: '' };

export async function captureJob(
  step: Step,
  job: JobConfig,
  ends: Ends,
  input: CaptureInput,
): Promise<Captured> {
  const { store, storage } = ends;
  const published = await prepare(step, job, storage, input);
  if (published !== undefined) return published;
  const description = await store.describe(step.signal);
  const scope = givesSnapshots(store) ? whole : (input.scope ?? job.scope);
  const base = { job: job.name, id: input.id, reason: input.reason, store: description, scope };
  const unchanged = await findUnchanged(step.signal, ends, {
    ...base,
    recipients: job.encryption.recipients,
  });
  if (unchanged !== undefined) {
    step.log.info('The store has not changed', { job: job.name, since: unchanged.unchangedSince });
    return { ...base, ...unchanged, capturedAt: new Date().toISOString() };
  }
  const found = givesSnapshots(store)
    ? await captureSnapshot(step, job, { store, storage }, base)
    : await captureRecords(step, job, { store, storage }, base);
  return { ...base, ...found };
}
