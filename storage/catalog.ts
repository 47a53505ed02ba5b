import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { backupIdPattern } from '../workflows/contract/names.ts';
import { jobFolder, manifestName } from './layout.ts';
import { decodeManifest } from './manifest.ts';
import { readSmallObject } from './small-object.ts';
import type { Storage } from './storage.ts';

/** One recovery point of a job, or what stands in the place of one. */
export type CatalogEntry = PublishedBackup | UnreadableBackup | UnfinishedRun;

export interface PublishedBackup {
  readonly state: 'published';
  readonly id: string;
  readonly manifest: Manifest;
}

/** There is a manifest, but it is damaged, refused to us, or newer than this release. */
export interface UnreadableBackup {
  readonly state: 'unreadable';
  readonly id: string;
  readonly error: HoldfastError;
}

/** Data without a manifest: a run at work, or one that ended before its end. Never a backup. */
export interface UnfinishedRun {
  readonly state: 'unfinished';
  readonly id: string;
}

const manifestsAtOnce = 8;

/**
 * The backups of a job, newest first. One that cannot be read is told of, it neither hides the others nor is left
 * out. Stopping early costs little: manifests are fetched as they are asked for, a few ahead.
 *
 * @throws what says that the storage itself cannot be read now (StorageUnreachable, StorageUnavailable, …)
 */
export async function* listBackups(
  storage: Storage,
  job: string,
  signal?: AbortSignal,
): AsyncGenerator<PublishedBackup | UnreadableBackup, void> {
  for await (const entry of listRuns(storage, job, signal)) if (entry.state !== 'unfinished') yield entry;
}

/** As `listBackups`, with the unfinished runs in their places. */
export async function* listRuns(
  storage: Storage,
  job: string,
  signal?: AbortSignal,
): AsyncGenerator<CatalogEntry, void> {
  const ids = (await Array.fromAsync(storage.folders(jobFolder(job), signal))).filter((name) =>
    backupIdPattern.test(name),
  );
  const stopped = new AbortController();
  const both = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal]);
  const ahead: Promise<CatalogEntry>[] = [];
  try {
    for (const id of ids.reverse()) {
      const entry = readEntry(storage, job, id, both);
      // Whoever takes it from the queue meets its error; until then nobody has to.
      entry.catch(() => undefined);
      ahead.push(entry);
      const first = ahead.length < manifestsAtOnce ? undefined : ahead.shift();
      if (first !== undefined) yield await first;
    }
    for (const entry of ahead) yield await entry;
  } finally {
    stopped.abort();
  }
}

/** What stands at one id. A run that does not exist at all is `unfinished` too. */
export async function readEntry(
  storage: Storage,
  job: string,
  id: string,
  signal?: AbortSignal,
): Promise<CatalogEntry> {
  try {
    return { state: 'published', id, manifest: await readManifest(storage, job, id, signal) };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.retryable) throw error;
    if (error.code === 'ObjectMissing') return { state: 'unfinished', id };
    return { state: 'unreadable', id, error };
  }
}

/** @throws ObjectMissing, ArchiveCorrupt, UnsupportedVersion, and what storages throw */
export async function readManifest(
  storage: Storage,
  job: string,
  id: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  const name = manifestName(job, id);
  const address = `${storage.address}/${name}`;
  const manifest = decodeManifest(await readSmallObject(storage, name, 'a manifest', signal), address);
  // The name of the job may differ (a job renamed, its folder moved with it); the id is what data refers to.
  if (manifest.id === id) return manifest;
  throw new HoldfastError(
    'ArchiveCorrupt',
    `${address} is the manifest of ${manifest.id}: somebody moved it. Move it back.`,
  );
}

/** The folders of a storage that hold backups. For the worst day, when there is no configuration to ask. */
export async function listJobs(storage: Storage, signal?: AbortSignal): Promise<readonly string[]> {
  const jobs: string[] = [];
  for await (const folder of storage.folders('', signal)) {
    if (await holdsBackups(storage, folder, signal)) jobs.push(folder);
  }
  return jobs;
}

async function holdsBackups(storage: Storage, job: string, signal?: AbortSignal): Promise<boolean> {
  for await (const name of storage.folders(jobFolder(job), signal)) {
    if (backupIdPattern.test(name)) return true;
  }
  return false;
}
