import { setTimeout } from 'node:timers/promises';
import type {
  DocumentBatch,
  DocumentBatches,
  IndexDefinition,
  IndexDocument,
} from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { Loaded, LoadOptions } from '../../document-store.ts';
import type { IndexPlan } from '../../repository-store.ts';
import { sendInLanes } from '../../lanes.ts';
import type { Connection } from '../connection.ts';
import { bulkBody, documentPath, readBulkAnswer, type BulkResult } from './bulk.ts';
import { finishTarget, makeTarget, type Target } from './target.ts';

/** Requests at once. */
const lanes = 4;
const mostExamples = 20;
const shortestPause = 100;
const longestPause = 10_000;

/** Makes the indices, fills them, and gives them the settings that they had. */
export async function loadDocuments(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  plan: readonly IndexPlan[],
  batches: DocumentBatches,
  { signal, restoreId, aliases, onProgress }: LoadOptions,
): Promise<Loaded> {
  const targets = new Map<string, Target>();
  const byName = new Map(definitions.map((definition) => [definition.index, definition]));
  for (const { op, index, target } of plan) {
    const definition = byName.get(index);
    if (op !== 'add' || definition === undefined) continue;
    targets.set(index, await makeTarget(connection, target, definition, restoreId, signal));
  }

  let documents = 0;
  let refused = 0;
  const examples: string[] = [];
  await sendInLanes(wantedOf(batches, targets), lanes, signal, (stopping) => async (load) => {
    const result = await send(connection, load, stopping);
    documents += result.written;
    refused += result.refused.length;
    const more = result.refused.slice(0, mostExamples - examples.length);
    examples.push(...more.map((words) => `${load.target.name}: ${words}`));
    onProgress(documents);
  });
  for (const target of targets.values()) await finishTarget(connection, target, aliases, signal);
  const dropped = [...targets.values()].flatMap(({ name, dropped: names }) =>
    names.map((setting) => `${name}: ${setting}`),
  );
  return { documents, refused: { count: refused, examples }, dropped };
}

interface Load {
  readonly target: Target;
  readonly documents: readonly IndexDocument[];
}

async function* wantedOf(
  batches: AsyncIterable<DocumentBatch>,
  targets: ReadonlyMap<string, Target>,
): AsyncGenerator<Load> {
  for await (const { index, documents } of batches) {
    const target = targets.get(index);
    if (target !== undefined) yield { target, documents };
  }
}

/** Until every document is written or refused. Those that a busy cluster did not take are sent again, ever slower. */
async function send(
  connection: Connection,
  { target, documents }: Load,
  signal: AbortSignal,
): Promise<Omit<BulkResult, 'busy'>> {
  let written = 0;
  const refused: string[] = [];
  const take = (result: BulkResult) => {
    written += result.written;
    refused.push(...result.refused);
  };
  let waiting: readonly IndexDocument[] = documents.filter(({ oneLine }) => oneLine);
  for (let pause = shortestPause; waiting.length > 0; pause = Math.min(longestPause, 2 * pause)) {
    const result = await sendBulk(connection, target.name, waiting, signal);
    take(result);
    waiting = result.busy;
    if (waiting.length > 0) await setTimeout(pause, undefined, { signal });
  }
  for (const document of documents.filter(({ oneLine }) => !oneLine)) {
    take(await sendOne(connection, target.name, document, signal));
  }
  return { written, refused };
}

const bulkQuery = 'pipeline=_none&filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason';
const tooLarge = 413;

async function sendBulk(
  connection: Connection,
  index: string,
  documents: readonly IndexDocument[],
  signal: AbortSignal,
): Promise<BulkResult> {
  const path = `/${encodeURIComponent(index)}/_bulk?${bulkQuery}`;
  const body = bulkBody(documents);
  const answer = await connection.ask({ method: 'POST', path, body, signal, accepted: [tooLarge] });
  if (answer.status === tooLarge) return sendHalves(connection, index, documents, signal);
  try {
    return readBulkAnswer(answer.text, documents);
  } catch (cause) {
    throw new HoldfastError(
      'StoreUnavailable',
      `The answer of ${answer.address} to ${path} is not one of Elasticsearch or OpenSearch: ${answer.text.slice(0, 100)}`,
      { cause, details: { address: answer.address } },
    );
  }
}

async function sendHalves(
  connection: Connection,
  index: string,
  documents: readonly IndexDocument[],
  signal: AbortSignal,
): Promise<BulkResult> {
  if (documents.length === 1) {
    const refused = [
      `${documents[0]?.id ?? ''}: it is larger than the cluster takes (http.max_content_length)`,
    ];
    return { written: 0, busy: [], refused };
  }
  const middle = documents.length >> 1;
  const one = await sendBulk(connection, index, documents.slice(0, middle), signal);
  const other = await sendBulk(connection, index, documents.slice(middle), signal);
  return {
    written: one.written + other.written,
    busy: [...one.busy, ...other.busy],
    refused: [...one.refused, ...other.refused],
  };
}

async function sendOne(
  connection: Connection,
  index: string,
  document: IndexDocument,
  signal: AbortSignal,
): Promise<BulkResult> {
  const path = documentPath(index, document);
  const accepted = [201, 400, 409, tooLarge];
  const { status, text } = await connection.ask({
    method: 'PUT',
    path,
    body: document.source,
    signal,
    accepted,
  });
  if (status === 400 || status === tooLarge) {
    return { written: 0, busy: [], refused: [`${document.id}: ${text.slice(0, 300)}`] };
  }
  return { written: 1, busy: [], refused: [] };
}
