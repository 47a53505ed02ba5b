import { storeAddresses } from '../../config/config.ts';
import { drillIndexStart } from '../../stores/elasticsearch/drill-names.ts';
import type { Applied, Plan, Proof } from '../../workflows/contract/restore.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { applyRestore } from '../apply-restore.ts';
import { documentsOf } from '../backup-reading.ts';
import { planRestore } from '../plan-restore.ts';
import { proveRestore } from '../prove-restore.ts';
import type { Drilled, Drilling } from './drilling.ts';
import { indexTargetOf } from './index-target.ts';
import { restoreIdOf } from './leftovers.ts';

/**
 * Restores indices beside those that are there, under names of their own, by the steps of a real restore. They have no
 * replicas, and are removed with what else a drill leaves.
 */
export async function drillIndices({ step, job, id, manifest, notes }: Drilling): Promise<Drilled> {
  const target = indexTargetOf(step.config, job);
  const prefix = `${drillIndexStart(job.name)}${id.toLowerCase()}-`;
  const request = {
    ...{ backup: manifest.id, toJob: target.name, rename: `${prefix}$1` },
    indexSettings: { 'index.number_of_replicas': 0 },
  };
  const input = { job: job.name, restoreId: restoreIdOf(id), request };
  const plan = await notes.measure('plan', () => planRestore(step, input));
  if (plan.change > 0) throw new HoldfastError('RestoreConflict', `Indices ${prefix}* are there already.`);
  const applied = await notes.measure('restore', () => applyRestore(step, { plan }));
  const proof = await notes.measure('prove', () => proveRestore(step, { plan }));
  compare(plan, applied, proof, { manifest, notes });
  const [address = ''] = storeAddresses(target.store);
  return {
    scratch: { kind: 'indices', job: target.name, address, prefix },
    records: proof.documents ?? 0,
    bytes: manifest.content.bytes,
  };
}

function compare(
  plan: Plan,
  applied: Applied,
  { differing, examples, documents = 0, samples = 0, notCounted = 0 }: Proof,
  { manifest, notes }: Pick<Drilling, 'manifest' | 'notes'>,
): void {
  const refused = applied.examples.map(({ key, reason }) => `${key} (${reason})`).join(', ');
  notes.compare(
    'indices restored',
    String(plan.add + plan.refused),
    String(applied.added),
    refused || undefined,
  );
  const whole = documentsOf(manifest) !== undefined;
  const how = whole ? 'every document, by its digest' : `counts, and ${samples} documents by their source`;
  notes.compare('indices that differ', '0', String(differing), examples.join(', ') || how);
  if (notCounted === 0) notes.compare('documents', String(manifest.content.records), String(documents));
  else {
    const why = `${notCounted} indices were written while the snapshot was taken, or are closed`;
    notes.notCompared('documents', why);
  }
}
