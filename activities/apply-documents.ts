import type { Progress } from '../workflows/contract/backup.ts';
import type { Applied, Plan } from '../workflows/contract/restore.ts';
import { readBatches, withDocumentSources } from './document-sources.ts';
import { toLoad } from './document-steps.ts';
import { readDocumentPlan, readIndexPlan, refusedIn } from './index-plan.ts';
import { wishIn } from './index-wish.ts';
import { StoppedHalfway } from './interruption.ts';
import type { Step } from './step.ts';

const mostExamples = 20;

/**
 * Makes the indices and fills them, and writes into those that are there what the plan says. What an earlier attempt
 * has made and written is found again.
 *
 * @throws RestoreConflict, Unrestorable; StoppedHalfway with an `Applied` where the step was told to stop
 */
export async function applyDocuments(step: Step, plan: Plan): Promise<Applied> {
  const begun = { added: 0, changed: 0, removed: 0, already: 0, conflicts: 0, refused: plan.refused };
  const { add = 0, change = 0 } = plan.documents ?? {};
  let progress: Progress = { phase: 'writing', records: 0, bytes: 0, recordsTotal: add + change };
  const tell = (): void => step.onProgress(progress);
  tell();
  try {
    return await withDocumentSources(step, plan, async (sources) => {
      const indices = await readIndexPlan(step, sources, plan);
      const lines = readDocumentPlan(step, sources, plan);
      // What is read is progress, too: a few indices may stand behind many others.
      const { definitions, batches } = await readBatches({ ...step, onProgress: tell }, sources, 'writing');
      const loaded = await sources.store.load(definitions, indices, toLoad(indices, lines, batches), {
        ...{ signal: step.signal, restoreId: plan.restoreId, wish: wishIn(plan) },
        onProgress: (records, bytes) => {
          progress = { ...progress, records, bytes };
          tell();
        },
      });
      const { already, conflicts, refused, dropped } = loaded;
      const left = [...conflicts.examples, ...refused.examples];
      const examples = left.map(({ document, reason }) => ({ key: document, reason }));
      return {
        ...{ added: plan.add, changed: plan.change, removed: 0, already, conflicts: conflicts.count },
        ...{ refused: plan.refused + refused.count, documents: loaded.documents },
        ...(dropped.length > 0 && { droppedSettings: dropped.slice(0, mostExamples) }),
        examples: [...refusedIn(indices), ...examples].slice(0, mostExamples),
      };
    });
  } catch (error) {
    if (!step.signal.aborted) throw error;
    const applied: Applied = { ...begun, documents: progress.records, examples: [] };
    throw new StoppedHalfway(`The restore ${plan.restoreId} was told to stop.`, applied, { cause: error });
  }
}
