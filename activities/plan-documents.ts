import type { ArchivedIndex } from '../archive/documents/read-summary.ts';
import type { IndexPlan } from '../stores/repository-store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexWish, Plan, PlanLine, PlanRestoreInput } from '../workflows/contract/restore.ts';
import { type DocumentSources, readBatches, summaryOf, withDocumentSources } from './document-sources.ts';
import { compareAll, type Compared, linesOf, stepOf } from './document-steps.ts';
import { storeIndexPlan } from './index-plan.ts';
import { documentWish } from './index-wish.ts';
import { keepsOwnBackups } from './open.ts';
import type { Step } from './step.ts';

/**
 * Says index by index what a restore of documents would make, and document by document what it would write into indices
 * that are there, and stores that. Changes nothing.
 */
export async function planDocuments(
  step: Step,
  { job: name, restoreId, request }: PlanRestoreInput,
): Promise<Plan> {
  const wish = documentWish(request);
  const wanted = { job: name, toJob: request.toJob ?? name, backup: request.backup ?? 'latest' };
  step.onProgress({ phase: 'planning', records: 0, bytes: 0 });
  return withDocumentSources(step, wanted, async (sources) => {
    const { job, target, store, manifest } = sources;
    if (request.noSafetyBackup !== true) requireSafety(wish, sources);
    const summary = await summaryOf(step, sources);
    const definitions = summary.map(({ definition }) => definition);
    const indices = await store.plan(definitions, wish, step.signal);
    const tally = createTally(wish, summary, indices);
    const lines = {
      indices,
      ...(indices.some(isThere) && { documents: tally.lines(await compared(step, sources, indices)) }),
    };
    const stored = await storeIndexPlan(step, sources, { restoreId, backup: manifest.id, wish }, lines);
    const changed = tally.changed();
    return {
      ...{ restoreId, job: job.name, toJob: target.name, backup: manifest.id },
      mode: wish.into.how === 'load' ? wish.into.mode : 'missing-only',
      ...{ from: manifest.scope, to: { prefix: '', ...(changed.length > 0 && { indices: changed }) } },
      ...{ ...stored, change: changed.length, equal: stored.change - changed.length },
      examples: stored.examples.filter(
        ({ op, index, key = '' }) => op !== 'change' || index !== undefined || changed.includes(key),
      ),
      ...{ indices: wish, documents: tally.counts() },
      ...(changed.length === 0 && { harmless: true }),
      storeIndex: String(Date.now()),
    };
  });
}

/** A safety backup holds the indices that are about to be changed. @throws BadRequest where it could not */
function requireSafety({ into }: IndexWish, { target }: DocumentSources): void {
  if (into.how !== 'load' || !keepsOwnBackups(target)) return;
  throw new HoldfastError(
    'BadRequest',
    `Job ${target.name} takes snapshots of all its indices, so no safety backup of single ones can be taken. Load into ` +
      'the cluster of a job with `mode: documents`, under new names, or without a safety backup.',
  );
}

function isThere({ op }: IndexPlan): boolean {
  return op === 'change';
}

/** All digests of the backup are checked on the way. */
async function compared(step: Step, sources: DocumentSources, indices: readonly IndexPlan[]) {
  const { batches } = await readBatches(step, sources, 'planning');
  return compareAll(sources.store, indices, batches, step.signal);
}

function createTally(wish: IndexWish, summary: readonly ArchivedIndex[], indices: readonly IndexPlan[]) {
  const made = new Set(indices.filter(({ op }) => op === 'add').map(({ index }) => index));
  const inMade = summary.filter(({ index }) => made.has(index));
  const counts = {
    ...{ add: inMade.reduce((sum, { documents }) => sum + documents, 0), change: 0, equal: 0, keep: 0 },
  };
  const changed = new Set<string>();
  return {
    async *lines(all: AsyncIterable<Compared>): AsyncGenerator<readonly PlanLine[]> {
      for await (const some of all) {
        for (const standing of some.standings) counts[stepOf(standing, wish)] += 1;
        const lines = linesOf(some, wish);
        if (lines.length > 0) changed.add(some.target);
        yield lines;
      }
    },
    counts: () => ({ ...counts }),
    /** Indices that are there and into which something would be written. */
    changed: () => [...changed].sort(),
  };
}
