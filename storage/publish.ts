import { isDeepStrictEqual } from 'node:util';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { readManifest } from './catalog.ts';
import { manifestName, objectName } from './layout.ts';
import { encodeManifest } from './manifest.ts';
import type { Storage } from './storage.ts';

/**
 * Makes a backup of stored data: its manifest, written once. Gives the manifest's address. May be repeated: where
 * an earlier attempt of the same run has published the same data, that manifest stands.
 *
 * @throws ObjectMissing, ArchiveCorrupt where the data is not there in its size; BackupExists
 */
export async function publish(storage: Storage, manifest: Manifest, signal?: AbortSignal): Promise<string> {
  const name = manifestName(manifest.job, manifest.id);
  await checkObjects(storage, manifest, signal);
  if (!(await storage.putOnce(name, encodeManifest(manifest), signal)))
    await checkSame(storage, manifest, signal);
  // Data of an earlier backup: a prune that began before this manifest was there may have taken it meanwhile.
  else if (manifest.unchangedSince !== undefined) {
    try {
      await checkObjects(storage, manifest, signal);
    } catch (error) {
      if (error instanceof HoldfastError && !error.retryable) await storage.remove([name]);
      throw error;
    }
  }
  return `${storage.address}/${name}`;
}

async function checkObjects(storage: Storage, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  for (const object of manifest.objects) {
    const name = objectName(manifest.job, object.name);
    const address = `${storage.address}/${name}`;
    const found = await storage.head(name, signal);
    if (found === undefined)
      throw new HoldfastError(
        'ObjectMissing',
        `${address} is gone, so backup ${manifest.id} cannot be published.`,
      );
    if (found.bytes !== object.storedBytes)
      throw new HoldfastError(
        'ArchiveCorrupt',
        `${address} has ${found.bytes} bytes where ${object.storedBytes} were written, so backup ${manifest.id} cannot be published.`,
      );
  }
}

async function checkSame(storage: Storage, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  const { job, id } = manifest;
  const published = await readManifest(storage, job, id, signal);
  if (isDeepStrictEqual(identity(published), identity(manifest))) return;
  const by = published.madeBy.workflowId ?? 'an unknown run';
  throw new HoldfastError(
    'BackupExists',
    `Backup ${id} of ${job} was published at ${published.publishedAt} by ${by}, with other data or by another run.`,
    { details: { job, id, workflowId: published.madeBy.workflowId } },
  );
}

/** What two attempts of one run have in common: everything but the times and the attempt. */
function identity({ job, scope, content, objects, unchangedSince, madeBy }: Manifest): object {
  return { job, scope, content, objects, unchangedSince, workflowId: madeBy.workflowId };
}
