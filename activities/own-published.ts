import { readEntry } from '../storage/catalog.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured, CaptureInput } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import type { Step } from './step.ts';

/**
 * What this very run has published already, as it is after a reset; `undefined` where there is no such backup.
 *
 * @throws BackupExists where another run has published it: that backup must not be touched
 */
export async function ownPublished(
  step: Step,
  storage: Storage,
  { job, id }: CaptureInput,
): Promise<Captured | undefined> {
  const entry = await readEntry(storage, job, id, step.signal);
  if (entry.state === 'unfinished') return undefined;
  if (entry.state === 'unreadable') throw entry.error;
  const { manifest } = entry;
  const by = manifest.madeBy.workflowId;
  if (by !== undefined && by === step.run?.workflowId) return capturedOf(manifest);
  throw new HoldfastError(
    'BackupExists',
    `Backup ${id} of ${job} was published at ${manifest.publishedAt} by ${by ?? 'an unknown run'}.`,
  );
}

function capturedOf(manifest: Manifest): Captured {
  const { job, id, reason, store, scope, moment, content, objects, recipients, leftOut, capturedAt } =
    manifest;
  const { unchangedSince, warnings, keyspace, snapshot } = manifest;
  return {
    ...{ job, id, reason, store, scope, moment, content, objects, recipients, leftOut, capturedAt },
    ...(unchangedSince !== undefined && { unchangedSince }),
    ...(warnings !== undefined && { warnings }),
    ...(keyspace !== undefined && { keyspace }),
    ...(snapshot !== undefined && { snapshot }),
  };
}
