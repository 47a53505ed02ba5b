import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectory } from '../../storage/directory/directory.ts';
import { objectName } from '../../storage/layout.ts';
import { publish } from '../../storage/publish.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { sampleData, sampleManifest } from './sample.ts';

export interface TemporaryStorage {
  readonly storage: Storage;
  /** The directory behind it. */
  readonly path: string;
  cleanup(): Promise<void>;
}

export async function openTemporary(): Promise<TemporaryStorage> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-storage-'));
  return {
    storage: openDirectory({ path }),
    path,
    cleanup: () => rm(path, { recursive: true, force: true }),
  };
}

/** Stores the data of a sample backup (unless it refers to an earlier one's) and publishes it. */
export async function storeSample(
  storage: Storage,
  id: string,
  changes: Partial<Manifest> = {},
): Promise<Manifest> {
  const manifest = sampleManifest(id, changes);
  if (manifest.unchangedSince === undefined) await storeData(storage, manifest);
  await publish(storage, manifest);
  return manifest;
}

/** The data alone: what a run leaves that ends before it publishes. */
export async function storeData(storage: Storage, manifest: Manifest): Promise<void> {
  for (const { name } of manifest.objects) await storage.putOnce(objectName(manifest.job, name), sampleData);
}
