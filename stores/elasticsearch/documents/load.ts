import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type {
  LoadBatches,
  LoadDocument,
  Loaded,
  LoadOptions,
  RefusedDocument,
} from '../../document-store.ts';
import type { IndexPlan } from '../../repository-store.ts';
import { sendInLanes } from '../../lanes.ts';
import type { Connection } from '../connection.ts';
import { describeIndices } from '../indices.ts';
import { inPaths } from '../patterns.ts';
import { compareDocuments } from './compare.ts';
import type { PageSize } from './page-size.ts';
import { send } from './send.ts';
import { finishTarget, makeTarget, refreshTarget, type Target } from './target.ts';

/** Requests at once. */
const lanes = 4;
const mostExamples = 20;
const longestId = 100;

export interface LoadPlan {
  readonly definitions: readonly IndexDefinition[];
  readonly plan: readonly IndexPlan[];
  readonly sizeFor: (index: string) => PageSize;
}

/** Makes the indices, fills them and those that are there, and gives the new ones the settings that they had. */
export async function loadDocuments(
  connection: Connection,
  { definitions, plan, sizeFor }: LoadPlan,
  batches: LoadBatches,
  options: LoadOptions,
): Promise<Loaded> {
  const { signal, onProgress } = options;
  const there = plan.filter(({ op }) => op === 'change');
  await requireUnchanged(connection, there, signal);
  const made = await makeTargets(connection, definitions, plan, options);
  const targets = new Map([...there, ...made].map(({ index, target }) => [index, target]));

  const tally = createTally();
  await sendInLanes(wantedOf(batches, targets), lanes, signal, (stopping) => async (load) => {
    const { written, conflicts, refused } = await send(connection, load, stopping);
    tally.wrote(load, written);
    for (const { id, reason } of refused) tally.refused(load.target, id, reason);
    const standings =
      conflicts.length === 0
        ? []
        : await compareDocuments(connection, load.target, conflicts, sizeFor(load.target), stopping);
    standings.forEach(({ state }, position) => {
      if (state === 'equal') tally.already();
      else tally.conflict(load.target, conflicts[position]?.id ?? '');
    });
    onProgress(tally.documents(), tally.bytes());
  });
  for (const { settings } of made) await finishTarget(connection, settings, signal);
  for (const { target } of there) await refreshTarget(connection, target, signal);
  return tally.loaded(
    made.flatMap(({ settings: { name, dropped } }) => dropped.map((setting) => `${name}: ${setting}`)),
  );
}

interface Made extends Pick<IndexPlan, 'index' | 'target'> {
  readonly settings: Target;
}

async function makeTargets(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  plan: readonly IndexPlan[],
  options: LoadOptions,
): Promise<readonly Made[]> {
  const byName = new Map(definitions.map((definition) => [definition.index, definition]));
  const made: Made[] = [];
  for (const { op, index, target } of plan) {
    const definition = byName.get(index);
    if (op !== 'add' || definition === undefined) continue;
    made.push({ index, target, settings: await makeTarget(connection, target, definition, options) });
  }
  return made;
}

/** @throws RestoreConflict */
async function requireUnchanged(
  connection: Connection,
  plan: readonly IndexPlan[],
  signal: AbortSignal,
): Promise<void> {
  const live = new Map<string, string | undefined>();
  for (const names of inPaths(plan.map(({ target }) => target))) {
    for (const [index, { settings }] of Object.entries(await describeIndices(connection, names, signal))) {
      live.set(index, settings['index.uuid']);
    }
  }
  const others = plan.filter(({ target, seen }) => live.get(target) !== seen).map(({ target }) => target);
  if (others.length === 0) return;
  throw new HoldfastError(
    'RestoreConflict',
    `These indices are no longer those that the plan saw: ${others.slice(0, 20).join(', ')}. Nothing was written.`,
  );
}

interface Load {
  readonly target: string;
  readonly documents: readonly LoadDocument[];
}

async function* wantedOf(batches: LoadBatches, targets: ReadonlyMap<string, string>): AsyncGenerator<Load> {
  for await (const { index, documents } of batches) {
    const target = targets.get(index);
    if (target !== undefined && documents.length > 0) yield { target, documents };
  }
}

function createTally() {
  let documents = 0;
  let bytes = 0;
  let already = 0;
  const conflicts = { count: 0, examples: [] as RefusedDocument[] };
  const refused = { count: 0, examples: [] as RefusedDocument[] };
  const add = (to: typeof refused, index: string, id: string, reason: string): void => {
    to.count += 1;
    if (to.examples.length < mostExamples) to.examples.push({ document: nameOf(index, id), reason });
  };
  return {
    wrote(load: Load, written: number): void {
      documents += written;
      bytes += load.documents.reduce((sum, { source }) => sum + source.length, 0);
    },
    already: () => void (already += 1),
    conflict: (index: string, id: string) => add(conflicts, index, id, 'written since the plan'),
    refused: (index: string, id: string, reason: string) => add(refused, index, id, reason),
    documents: () => documents,
    bytes: () => bytes,
    loaded: (dropped: readonly string[]): Loaded => ({ documents, already, conflicts, refused, dropped }),
  };
}

/** For people: an id may have 512 bytes. */
function nameOf(index: string, id: string): string {
  return `${index}/_doc/${id.length > longestId ? `${id.slice(0, longestId)}…` : id}`;
}
