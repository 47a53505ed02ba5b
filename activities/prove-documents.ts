import { digestDocuments } from '../archive/documents/digest-documents.ts';
import type { ArchivedIndex } from '../archive/documents/read-summary.ts';
import type { IndexPlan } from '../stores/repository-store.ts';
import type { Progress } from '../workflows/contract/backup.ts';
import type { IndexContent } from '../workflows/contract/document.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Plan, Proof } from '../workflows/contract/restore.ts';
import { type DocumentSources, readBatches, summaryOf, withDocumentSources } from './document-sources.ts';
import { compareAll, stepOf } from './document-steps.ts';
import { readIndexPlan } from './index-plan.ts';
import { wishIn } from './index-wish.ts';
import type { Step } from './step.ts';

const mostExamples = 20;

/** What came out of one index. */
interface Proven {
  readonly index: string;
  readonly documents: number;
  readonly problem: string | undefined;
}

/**
 * Reads every document of the new indices again, and compares counts and digests; looks up every document in the
 * others. Only then come the aliases.
 */
export async function proveDocuments(step: Step, plan: Plan): Promise<Proof> {
  return withDocumentSources(step, plan, async (sources) => {
    const indices = await readIndexPlan(step, sources, plan);
    const summary = await summaryOf(step, sources);
    const proven = [
      ...(await proveMade(step, sources, indices, summary)),
      ...(await proveLoaded(step, sources, indices, plan)),
    ];
    const problems = proven.flatMap(({ index, problem }) =>
      problem === undefined ? [] : [`${index}: ${problem}`],
    );
    const definitions = summary.map(({ definition }) => definition);
    const aliases =
      problems.length === 0
        ? await sources.store.settle(definitions, indices, wishIn(plan), step.signal)
        : [];
    const documents = proven.reduce((sum, one) => sum + one.documents, 0);
    return {
      ...{ compared: proven.length, differing: problems.length, examples: problems.slice(0, mostExamples) },
      // Every document is compared.
      ...{ documents, samples: documents, notCounted: 0 },
      ...(aliases.length > 0 && { aliases }),
      storeIndex: String(Date.now()),
      provenAt: new Date().toISOString(),
    };
  });
}

/** The new indices must hold what the backup says of each, no more and no less. */
async function proveMade(
  { signal, onProgress }: Step,
  { store }: DocumentSources,
  indices: readonly IndexPlan[],
  summary: readonly ArchivedIndex[],
): Promise<readonly Proven[]> {
  const targets = new Map(
    indices.filter(({ op }) => op === 'add').map(({ index, target }) => [index, target]),
  );
  const wanted = new Map(summary.map((content) => [content.index, content]));
  let progress: Progress = { phase: 'proving', records: 0, bytes: 0 };
  onProgress(progress);
  const batches = await store.readBack(indices, signal);
  const found = await digestDocuments([...targets.keys()], batches, (documents) => {
    progress = { ...progress, records: progress.records + documents };
    onProgress(progress);
  });
  return found.map((content) => ({
    index: targets.get(content.index) ?? content.index,
    documents: content.documents,
    problem: differenceOf(wanted.get(content.index), content),
  }));
}

function differenceOf(wanted: IndexContent | undefined, found: IndexContent): string | undefined {
  if (wanted === undefined) throw new HoldfastError('Defect', `The backup says nothing of ${found.index}.`);
  if (found.documents !== wanted.documents) return `${found.documents} documents, not ${wanted.documents}`;
  return found.digest === wanted.digest ? undefined : 'its documents are not those of the backup';
}

/** In the others nothing of the plan may be left to do. What others have in them is theirs. */
async function proveLoaded(
  step: Step,
  sources: DocumentSources,
  indices: readonly IndexPlan[],
  plan: Plan,
): Promise<readonly Proven[]> {
  const there = indices.filter(({ op }) => op === 'change');
  if (there.length === 0) return [];
  const counts = new Map(there.map(({ target }) => [target, { documents: 0, left: 0 }]));
  const { batches } = await readBatches(step, sources, 'proving');
  for await (const { target, standings } of compareAll(sources.store, there, batches, step.signal)) {
    const count = counts.get(target);
    for (const standing of standings) {
      const what = stepOf(standing, wishIn(plan));
      if (count === undefined) continue;
      count.documents += 1;
      if (what === 'add' || what === 'change') count.left += 1;
    }
  }
  return Array.from(counts, ([index, { documents, left }]) => ({
    ...{ index, documents },
    problem: left === 0 ? undefined : `${left} of ${documents} documents are not as the backup has them`,
  }));
}
