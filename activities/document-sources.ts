import type { DocumentReading } from '../archive/documents/read-documents.ts';
import type { ArchivedIndex } from '../archive/documents/read-summary.ts';
import type { JobConfig } from '../config/config.ts';
import { findReliable } from '../storage/find.ts';
import type { Storage } from '../storage/storage.ts';
import type { DocumentStore } from '../stores/document-store.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import type { DocumentBatches } from '../workflows/contract/document.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { readDocumentBackup, readIndexSummary } from './backup-reading.ts';
import { holdsIndices, readIdentities, withDocuments, withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** What plan, change and proof of one restore of documents all work on. */
export interface DocumentSources {
  readonly job: JobConfig;
  readonly target: JobConfig;
  /** Where the backup and the plan are. */
  readonly storage: Storage;
  /** The cluster that is written. */
  readonly store: DocumentStore;
  readonly manifest: Manifest;
  readonly identities: readonly string[];
}

/** @throws BadRequest where the target does not stand for indices, BackupNotFound */
export async function withDocumentSources<Result>(
  step: Step,
  wanted: { readonly job: string; readonly toJob: string; readonly backup: string },
  work: (sources: DocumentSources) => Promise<Result>,
): Promise<Result> {
  const job = jobOf(step.config, wanted.job);
  const target = jobOf(step.config, wanted.toJob);
  if (!holdsIndices(target)) {
    throw new HoldfastError('BadRequest', `Job ${target.name} does not stand for indices.`);
  }
  const identities = await readIdentities(job);
  return withStorage(job, async (storage) => {
    const { manifest } = await findReliable(storage, job.name, wanted.backup, step.signal);
    return withDocuments(target, (store) => work({ job, target, storage, store, manifest, identities }));
  });
}

export function summaryOf(
  { signal }: Step,
  { storage, manifest, identities }: DocumentSources,
): Promise<readonly ArchivedIndex[]> {
  return readIndexSummary(storage, manifest, identities, signal);
}

/** All documents of the backup, whose digests are checked on the way. It tells of the progress, since their number is known. */
export async function readBatches(
  { signal, onProgress }: Step,
  { storage, manifest, identities }: DocumentSources,
  phase: Progress['phase'],
): Promise<Pick<DocumentReading, 'definitions' | 'batches'>> {
  const { definitions, batches } = await readDocumentBackup(storage, manifest, identities, signal);
  let progress: Progress = { phase, records: 0, bytes: 0, recordsTotal: manifest.content.records };
  async function* watched(): DocumentBatches {
    for await (const batch of batches) {
      progress = { ...progress, records: progress.records + batch.documents.length };
      onProgress(progress);
      yield batch;
    }
  }
  return { definitions, batches: watched() };
}
