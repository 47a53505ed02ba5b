import { writeLines } from '../archive/writer.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { IndexPlan } from '../stores/repository-store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexWish, Plan, PlanLine } from '../workflows/contract/restore.ts';
import { readIdentities } from './open.ts';
import type { Step } from './step.ts';
import { readPlan } from './stored-plan.ts';

/** Where the backup and its plans are. */
export interface PlanPlace {
  readonly job: JobConfig;
  readonly storage: Storage;
}

/** What a restore of indices would do: a line for each index, and one for each document of an index that is there. */
export interface IndexPlanLines {
  readonly indices: readonly IndexPlan[];
  readonly documents?: AsyncIterable<readonly PlanLine[]>;
}

export type StoredIndexPlan = Pick<
  Plan,
  'add' | 'change' | 'remove' | 'equal' | 'keep' | 'refused' | 'examples' | 'digest' | 'object'
>;

/**
 * Stores the lines, those of indices first, and counts the indices.
 *
 * @throws BadRequest where there is nothing of what was wished
 */
export async function storeIndexPlan(
  step: Step,
  { job, storage }: PlanPlace,
  {
    restoreId,
    backup,
    wish,
  }: { readonly restoreId: string; readonly backup: string; readonly wish: IndexWish },
  { indices, documents }: IndexPlanLines,
): Promise<StoredIndexPlan> {
  if (indices.length === 0) {
    const what = wish.indices.join(', ');
    throw new HoldfastError('BadRequest', `Backup ${backup} holds no index that ${what} names.`);
  }
  const lines = indices.map(lineOf);
  const examples = [...someOf(lines)];
  const { recipients } = job.encryption;
  const writing = writeLines(textOf(lines, documents, examples), { recipients });
  const object = `restores/${restoreId}/plan.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
  await storage.put(objectName(job.name, object), writing.bytes, { signal: step.signal });
  const count = (op: PlanLine['op']) => lines.filter((line) => line.op === op).length;
  return {
    ...{ add: count('add'), change: count('change'), remove: count('remove'), refused: count('refuse') },
    ...{ equal: 0, keep: 0 },
    ...{ examples, digest: writing.sealed().plainSha256, object },
  };
}

/** The lines of a stored plan that are of indices; they come first. */
export async function readIndexPlan(step: Step, place: PlanPlace, plan: Plan): Promise<readonly IndexPlan[]> {
  const lines: IndexPlan[] = [];
  for await (const batch of await openPlan(step, place, plan)) {
    const ofIndices = batch.filter((line) => !isOfDocument(line));
    lines.push(...ofIndices.map(indexOf));
    if (ofIndices.length < batch.length) break;
  }
  return lines;
}

/** Those that are of documents, in the order of the backup. */
export async function* readDocumentPlan(
  step: Step,
  place: PlanPlace,
  plan: Plan,
): AsyncGenerator<readonly PlanLine[]> {
  for await (const batch of await openPlan(step, place, plan)) yield batch.filter(isOfDocument);
}

async function openPlan(step: Step, { job, storage }: PlanPlace, plan: Plan) {
  return readPlan({ job, storage, identities: await readIdentities(job) }, plan, step.signal);
}

function isOfDocument({ index }: PlanLine): boolean {
  return index !== undefined;
}

/** What the plan itself refused stays undone, and is told again at the end. */
export function refusedIn(
  plan: readonly IndexPlan[],
): readonly { readonly key: string; readonly reason: string }[] {
  return plan
    .filter(({ op }) => op === 'refuse')
    .map(({ target, reason = 'refused' }) => ({ key: target, reason }));
}

function lineOf({ index, target, ...line }: IndexPlan): PlanLine {
  return { key: target, from: index, ...line };
}

function indexOf({ op, key = '', from = '', stream, seen, reason }: PlanLine): IndexPlan {
  return {
    ...{ op, index: from, target: key, seen },
    ...(stream !== undefined && { stream }),
    ...(reason !== undefined && { reason }),
  };
}

async function* textOf(
  indices: readonly PlanLine[],
  documents: AsyncIterable<readonly PlanLine[]> | undefined,
  examples: PlanLine[],
): AsyncGenerator<Buffer> {
  yield bytesOf(indices);
  if (documents === undefined) return;
  const taken: PlanLine[] = [];
  for await (const lines of documents) {
    if (taken.length < mostDocuments) taken.push(...someOf(lines).map(shortened));
    if (lines.length > 0) yield bytesOf(lines);
  }
  examples.push(...someOf(taken));
}

function bytesOf(lines: readonly PlanLine[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Of each kind. */
const mostExamples = 10;
/** So many lines are looked at for examples. */
const mostDocuments = 1_000;
/** Examples travel in histories and are read by people. */
const longestId = 256;

function someOf(lines: readonly PlanLine[]): readonly PlanLine[] {
  return (['add', 'change', 'remove', 'refuse'] as const).flatMap((op) =>
    lines.filter((line) => line.op === op).slice(0, mostExamples),
  );
}

function shortened(line: PlanLine): PlanLine {
  const { key = '' } = line;
  return key.length > longestId ? { ...line, key: `${key.slice(0, longestId)}…` } : line;
}
