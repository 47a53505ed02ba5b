import type { JobConfig } from '../config/config.ts';
import { findReliable } from '../storage/find.ts';
import type { Storage } from '../storage/storage.ts';
import type { KeyMapping } from '../stores/mapping.ts';
import type { KeyStore, Reading } from '../stores/store.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import type { Manifest, Scope } from '../workflows/contract/manifest.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import type { Plan } from '../workflows/contract/restore.ts';
import { readBackup } from './backup-reading.ts';
import { openStore, readIdentities, withStorage } from './open.ts';
import { openSnapshotKeys, snapshotOf } from './snapshot-file.ts';
import { jobOf, type Step } from './step.ts';

/** What plan, change and proof of one restore all work on. */
export interface RestoreSources {
  readonly job: JobConfig;
  readonly target: JobConfig;
  /** Where the backup and the plan are. */
  readonly storage: Storage;
  /** The store that is written. */
  readonly store: KeyStore;
  readonly manifest: Manifest;
  readonly identities: readonly string[];
  /** Closed after the work. */
  readonly opened: AsyncDisposableStack;
}

interface Wanted {
  readonly job: string;
  readonly backup: string;
  readonly target: (job: JobConfig) => JobConfig;
}

/** Finds the backup, opens both ends for the work, and closes them after it. */
export async function withSources<Result>(
  step: Step,
  wanted: Wanted,
  work: (sources: RestoreSources) => Promise<Result>,
): Promise<Result> {
  const job = jobOf(step.config, wanted.job);
  const target = wanted.target(job);
  const identities = await readIdentities(job);
  return withStorage(job, async (storage) => {
    const { manifest } = await findReliable(storage, job.name, wanted.backup, step.signal);
    await using opened = new AsyncDisposableStack();
    const store = openStore(target);
    opened.defer(() => store.close());
    return await work({ job, target, storage, store, manifest, identities, opened });
  });
}

/** The same for a plan that was made before. */
export async function withPlanned<Result>(
  step: Step,
  { job, toJob, backup }: Plan,
  work: (sources: RestoreSources) => Promise<Result>,
): Promise<Result> {
  return withSources(step, { job, backup, target: () => jobOf(step.config, toJob) }, work);
}

interface BackupSide {
  readonly backup: RecordBatches;
  readonly mapKey: KeyMapping;
}

/** The two sides of a comparison. */
export async function readBothSides(
  step: Step,
  sources: RestoreSources,
  scopes: Pick<Plan, 'from' | 'to'>,
  phase: Progress['phase'],
): Promise<BackupSide & { readonly live: Reading }> {
  // First the backup: what the live store shows is compacted after a while, and to open a snapshot takes a while.
  const side = await readBackupSide(step, sources, scopes, phase);
  return { ...side, live: await sources.store.read(scopes.to, step.signal) };
}

/** The backup as a restore reads it. It tells of the progress, since its size is known. */
export async function readBackupSide(
  step: Step,
  sources: RestoreSources,
  { from, to }: Pick<Plan, 'from' | 'to'>,
  phase: Progress['phase'],
): Promise<BackupSide> {
  const records = await openRecords(step, sources, from, phase);
  return {
    backup: watched(records, step.onProgress, {
      phase,
      records: 0,
      bytes: 0,
      recordsTotal: sources.manifest.content.records,
    }),
    mapKey: { from: from.prefix, to: to.prefix },
  };
}

async function openRecords(
  step: Step,
  { storage, manifest, identities, opened }: RestoreSources,
  from: Scope,
  phase: Progress['phase'],
): Promise<RecordBatches> {
  const snapshot = snapshotOf(manifest);
  if (snapshot === undefined) {
    // Comparing keeps nothing; what is being written is kept until the store has it.
    const lent = phase !== 'writing';
    return readBackup(storage, manifest, identities, step.signal, { lent }).records;
  }
  const keys = await openSnapshotKeys(storage, manifest, snapshot, { ...step, identities }, phase);
  opened.defer(() => keys.close());
  return (await keys.read(from, step.signal)).records;
}

async function* watched(
  records: RecordBatches,
  onProgress: Step['onProgress'],
  start: Progress,
): RecordBatches {
  let progress = start;
  onProgress(progress);
  for await (const batch of records) {
    progress = { ...progress, records: progress.records + batch.length };
    onProgress(progress);
    yield batch;
  }
}
