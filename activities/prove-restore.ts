import { planLine, planWrites } from '../stores/plan.ts';
import type { ApplyInput, Proof } from '../workflows/contract/restore.ts';
import { readBothSides, withPlanned } from './restore-sources.ts';
import { proveDocuments } from './prove-documents.ts';
import { proveIndices } from './restore-indices.ts';
import { proveWhole } from './restore-whole.ts';
import type { Step } from './step.ts';

const mostExamples = 20;

/** Plans once more, from a new read of the store: after a good restore there is nothing left to do in its mode. */
export async function proveRestore(step: Step, { plan }: ApplyInput): Promise<Proof> {
  if (plan.documents !== undefined) return proveDocuments(step, plan);
  if (plan.indices !== undefined) return proveIndices(step, plan);
  if (plan.whole !== undefined) return proveWhole(step, plan);
  return withPlanned(step, plan, async (sources) => {
    const { live, ...sides } = await readBothSides(step, sources, plan, 'proving');
    const planning = planWrites({
      ...sides,
      live: live.records,
      mode: plan.mode,
      refusal: (record) => sources.store.refusal(record),
    });
    const examples: string[] = [];
    for await (const items of planning.items) {
      for (const item of items) {
        if (item.op === 'refuse' || examples.length >= mostExamples) continue;
        const { key, keyBase64 } = planLine(item);
        examples.push(key ?? `base64:${keyBase64 ?? ''}`);
      }
    }
    const { add, change, remove, refused, equal, keep } = planning.counts();
    const differing = add + change + remove;
    return {
      compared: differing + refused + equal + keep,
      differing,
      examples,
      storeIndex: live.moment.index,
      provenAt: new Date().toISOString(),
    };
  });
}
