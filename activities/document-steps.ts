import { mapAhead } from '../archive/ahead.ts';
import type { DocumentStore, LoadBatches, LoadDocument, Standing } from '../stores/document-store.ts';
import type { IndexPlan } from '../stores/repository-store.ts';
import type { DocumentBatches, IndexDocument } from '../workflows/contract/document.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexWish, PlanLine } from '../workflows/contract/restore.ts';

/** Documents of a backup, and how they stand in the index into which they go. */
export interface Compared {
  readonly target: string;
  readonly documents: readonly IndexDocument[];
  readonly standings: readonly Standing[];
}

/** Batches that are looked up at once. */
const ahead = 4;

/** Compares the documents of the indices that are there, in the order of the backup; the others are passed over. */
export async function* compareAll(
  store: DocumentStore,
  indices: readonly IndexPlan[],
  batches: DocumentBatches,
  signal: AbortSignal,
): AsyncGenerator<Compared> {
  const targets = targetsOf(indices);
  async function* wanted() {
    for await (const { index, documents } of batches) {
      const target = targets.get(index);
      if (target !== undefined) yield { target, documents };
    }
  }
  yield* mapAhead(wanted(), ahead, async ({ target, documents }) => ({
    ...{ target, documents, standings: await store.compare(target, documents, signal) },
  }));
}

export type DocumentStep = 'add' | 'change' | 'equal' | 'keep';

export function stepOf({ state }: Standing, { into }: IndexWish): DocumentStep {
  if (state === 'missing') return 'add';
  if (state === 'equal') return 'equal';
  return into.how === 'load' && into.mode === 'overwrite' ? 'change' : 'keep';
}

/** The lines of a plan for what was compared: what is equal or left alone has none. */
export function linesOf({ target, documents, standings }: Compared, wish: IndexWish): readonly PlanLine[] {
  return documents.flatMap(({ id, routing }, position): readonly PlanLine[] => {
    const standing = standings[position];
    const step = standing && stepOf(standing, wish);
    if (step !== 'add' && step !== 'change') return [];
    const { seen = '0' } = standing ?? {};
    return [{ op: step, index: target, key: id, ...(routing !== undefined && { routing }), seen }];
  });
}

/**
 * What is to be loaded: of new indices everything, of the others the documents that the plan names, with what it saw.
 * Its lines stand in the order of the backup.
 */
export async function* toLoad(
  indices: readonly IndexPlan[],
  lines: AsyncGenerator<readonly PlanLine[]>,
  batches: DocumentBatches,
): LoadBatches {
  const targets = targetsOf(indices);
  const next = createCursor(lines);
  try {
    for await (const { index, documents } of batches) {
      const target = targets.get(index);
      yield { index, documents: target === undefined ? documents : await namedBy(next, target, documents) };
    }
    if ((await next.current()) === undefined) return;
  } finally {
    await lines.return(undefined);
  }
  throw new HoldfastError('Defect', 'The plan names documents that the backup does not hold in that order.');
}

async function namedBy(
  next: Cursor,
  target: string,
  documents: readonly IndexDocument[],
): Promise<readonly LoadDocument[]> {
  const named: LoadDocument[] = [];
  for (const document of documents) {
    const line = await next.current();
    if (line?.index !== target || line.key !== document.id || line.routing !== document.routing) continue;
    const { id, routing, version, source, oneLine } = document;
    named.push({ id, routing, version, source, oneLine, seen: line.seen });
    next.advance();
  }
  return named;
}

function targetsOf(indices: readonly IndexPlan[]): ReadonlyMap<string, string> {
  return new Map(indices.filter(({ op }) => op === 'change').map(({ index, target }) => [index, target]));
}

interface Cursor {
  current(): Promise<PlanLine | undefined>;
  advance(): void;
}

function createCursor(batches: AsyncGenerator<readonly PlanLine[]>): Cursor {
  let lines: readonly PlanLine[] = [];
  let at = 0;
  return {
    async current(): Promise<PlanLine | undefined> {
      while (at >= lines.length) {
        const next = await batches.next();
        if (next.done === true) return undefined;
        lines = next.value;
        at = 0;
      }
      return lines[at];
    },
    advance: () => void (at += 1),
  };
}
