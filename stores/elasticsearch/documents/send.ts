import { setTimeout } from 'node:timers/promises';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { LoadDocument } from '../../document-store.ts';
import type { Connection } from '../connection.ts';
import { bulkBody, documentPath, nothing, readBulkAnswer, type BulkResult } from './bulk.ts';

const shortestPause = 100;
const longestPause = 10_000;

/** Until every document is written or refused. Those that a busy cluster did not take are sent again, ever slower. */
export async function send(
  connection: Connection,
  { target, documents }: { readonly target: string; readonly documents: readonly LoadDocument[] },
  signal: AbortSignal,
): Promise<BulkResult> {
  let all = nothing;
  let waiting: readonly LoadDocument[] = documents.filter(({ oneLine }) => oneLine);
  for (let pause = shortestPause; waiting.length > 0; pause = Math.min(longestPause, 2 * pause)) {
    const result = await sendBulk(connection, target, waiting, signal);
    all = together(all, { ...result, busy: [] });
    waiting = result.busy;
    if (waiting.length > 0) await setTimeout(pause, undefined, { signal });
  }
  for (const document of documents.filter(({ oneLine }) => !oneLine)) {
    all = together(all, await sendOne(connection, target, document, signal));
  }
  return all;
}

function together(one: BulkResult, other: BulkResult): BulkResult {
  return {
    written: one.written + other.written,
    busy: [...one.busy, ...other.busy],
    conflicts: [...one.conflicts, ...other.conflicts],
    refused: [...one.refused, ...other.refused],
  };
}

const bulkQuery = 'pipeline=_none&filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason';
const tooLarge = 413;

async function sendBulk(
  connection: Connection,
  index: string,
  documents: readonly LoadDocument[],
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
  documents: readonly LoadDocument[],
  signal: AbortSignal,
): Promise<BulkResult> {
  if (documents.length === 1) {
    const reason = 'it is larger than the cluster takes (http.max_content_length)';
    return { ...nothing, refused: [{ id: documents[0]?.id ?? '', reason }] };
  }
  const middle = documents.length >> 1;
  return together(
    await sendBulk(connection, index, documents.slice(0, middle), signal),
    await sendBulk(connection, index, documents.slice(middle), signal),
  );
}

async function sendOne(
  connection: Connection,
  index: string,
  document: LoadDocument,
  signal: AbortSignal,
): Promise<BulkResult> {
  const path = documentPath(index, document);
  const accepted = [201, 400, conflict, tooLarge];
  const { status, text } = await connection.ask({
    method: 'PUT',
    path,
    body: document.source,
    signal,
    accepted,
  });
  if (status === 400 || status === tooLarge) {
    return { ...nothing, refused: [{ id: document.id, reason: text.slice(0, 300) }] };
  }
  // Into a new index, an earlier attempt has written it.
  const isConflict = status === conflict && document.seen !== undefined;
  return isConflict ? { ...nothing, conflicts: [document] } : { ...nothing, written: 1 };
}

const conflict = 409;
