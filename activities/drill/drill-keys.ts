import { contentOf } from '../../archive/writer.ts';
import { mapRecords } from '../../stores/mapping.ts';
import type { Content } from '../../workflows/contract/manifest.ts';
import type { Applied, Plan, Proof, RestoreRequest } from '../../workflows/contract/restore.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { applyRestore } from '../apply-restore.ts';
import { openStore } from '../open.ts';
import { planRestore } from '../plan-restore.ts';
import { proveRestore } from '../prove-restore.ts';
import { jobOf, type Step } from '../step.ts';
import type { Drilled, Drilling } from './drilling.ts';
import { type KeyScratch, openKeyScratch } from './key-scratch.ts';
import { restoreIdOf } from './leftovers.ts';

/** Restores keys into an empty place, by the steps of a real restore, and reads them back. */
export async function drillKeys(drilling: Drilling): Promise<Drilled> {
  const { step, job, id, notes } = drilling;
  const scratch = await notes.measure('start', () => openKeyScratch(step.config, job, id, step.signal));
  try {
    const found = await restoreInto(scratch, drilling);
    return { scratch: scratch.shown, ...found };
  } finally {
    await notes.measure('clean', () => scratch.close());
  }
}

async function restoreInto(
  scratch: KeyScratch,
  { step, job, id, manifest, notes }: Drilling,
): Promise<Pick<Drilled, 'records' | 'bytes'>> {
  const { config, toJob, toPrefix } = scratch;
  const here: Step = { ...step, config };
  const request: RestoreRequest = {
    ...{ backup: manifest.id, toJob, mode: 'mirror' as const },
    ...(toPrefix !== undefined && { toPrefix }),
  };
  const input = { job: job.name, restoreId: restoreIdOf(id), request };
  const plan = await notes.measure('plan', () => planRestore(here, input));
  requireEmpty(plan);
  const applied = await notes.measure('restore', () => applyRestore(here, { plan }));
  const proof = await notes.measure('prove', () => proveRestore(here, { plan }));
  compareSteps(plan, applied, proof, notes);
  const content = await notes.measure('prove', () => readBack(here, plan));
  compareContent(content, manifest, notes);
  return { records: content.records, bytes: content.bytes };
}

/** The place is new, or was cleaned. A drill overwrites nothing, whatever is found there. */
function requireEmpty({ change, remove, equal, keep, to }: Plan): void {
  const there = change + remove + equal + keep;
  if (there === 0) return;
  throw new HoldfastError(
    'RestoreConflict',
    `The scratch place ${to.prefix} is not empty: ${there} keys are there. Nothing was written.`,
  );
}

function compareSteps(plan: Plan, applied: Applied, proof: Proof, notes: Drilling['notes']): void {
  const refused = applied.examples.map(({ key, reason }) => `${key} (${reason})`).join(', ');
  const written = applied.added + applied.already;
  notes.compare('keys written', String(plan.add + plan.refused), String(written), refused || undefined);
  notes.compare('keys that differ', '0', String(proof.differing), proof.examples.join(', ') || undefined);
}

/** What is there now, under the names that the keys have in the backup. */
async function readBack({ config, signal }: Step, { toJob, from, to }: Plan): Promise<Content> {
  const store = openStore(jobOf(config, toJob));
  try {
    const { records } = await store.read(to, signal);
    return await contentOf(mapRecords(records, { from: to.prefix, to: from.prefix }));
  } finally {
    await store.close();
  }
}

function compareContent(
  found: Content,
  { content, objects, reason }: Drilling['manifest'],
  notes: Drilling['notes'],
): void {
  notes.compare('keys', String(content.records), String(found.records));
  if (!objects.some(({ format }) => format === 'records.ndjson')) {
    notes.notCompared('content digest', 'the backup is a snapshot: its digest is that of the file');
  } else if (reason === 'import') {
    // It may tell an empty value from none, and a store may not.
    notes.notCompared('content digest', 'the backup was made out of a file of another tool');
  } else {
    notes.compare('bytes', String(content.bytes), String(found.bytes));
    notes.compare('content digest', content.digest, found.digest);
  }
}
