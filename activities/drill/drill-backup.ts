import { findBackup } from '../../storage/find.ts';
import type { DrillBackupInput, DrillFindings } from '../../workflows/contract/drill.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../../workflows/contract/manifest.ts';
import { withStorage } from '../open.ts';
import { jobOf, type Step } from '../step.ts';
import { createNotes, type DrillKind, rtoOf } from './drilling.ts';
import { drillIndices } from './drill-indices.ts';
import { drillKeys } from './drill-keys.ts';
import { drillSnapshot } from './drill-snapshot.ts';
import { drillWhole } from './drill-whole.ts';
import { removeLeftovers } from './leftovers.ts';

/** How a backup is drilled, by what it holds. */
const kinds: Partial<Record<DataObject['format'], DrillKind>> = {
  'records.ndjson': drillKeys,
  'snapshot.db': drillSnapshot,
  'consul.snap': drillWhole,
  'indices.ndjson': drillIndices,
  'documents.ndjson': drillIndices,
};

/**
 * Restores a backup into a scratch place, compares what comes out with what was backed up, and leaves nothing behind.
 * What differs is among the findings; it is no error here.
 *
 * @throws ProgramMissing, and what a restore throws
 */
export async function drillBackup(
  step: Step,
  { job: name, id, backup }: DrillBackupInput,
): Promise<DrillFindings> {
  const job = jobOf(step.config, name);
  return withStorage(job, async (storage) => {
    const { manifest } = await findBackup(storage, name, backup, step.signal);
    const drill = kindOf(manifest);
    const notes = createNotes();
    await notes.measure('clean', () => removeLeftovers(step, job, storage, id));
    const drilled = await drill({ step, job, id, storage, manifest, notes });
    await notes.measure('clean', () => removeLeftovers(step, job, storage, id));
    const { steps, comparisons } = notes;
    return { ...drilled, comparisons, steps, rtoMilliseconds: rtoOf(steps) };
  });
}

function kindOf({ id, job, objects }: Manifest): DrillKind {
  const drill = objects.map(({ format }) => kinds[format]).find((kind) => kind !== undefined);
  if (drill !== undefined) return drill;
  const found = objects.map(({ format }) => format).join(', ');
  throw new HoldfastError(
    'UnsupportedVersion',
    `Backup ${id} of ${job} holds ${found}; this release cannot drill it.`,
  );
}
