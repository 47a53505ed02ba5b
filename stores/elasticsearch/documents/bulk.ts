import { z } from 'zod';
import type { LoadDocument } from '../../document-store.ts';

/** The body of a `_bulk` request; every source as it is. */
export function bulkBody(documents: readonly LoadDocument[]): Buffer {
  const actions = documents.map(actionOf);
  let size = 0;
  documents.forEach(({ source }, position) => {
    size += 3 * (actions[position]?.length ?? 0) + source.length + 1;
  });
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  documents.forEach(({ source }, position) => {
    at += body.write(actions[position] ?? '', at);
    at += source.copy(body, at);
    body[at++] = 0x0a;
  });
  return body.subarray(0, at);
}

/**
 * Into a new index, a document goes with the version that it had: one that is there already is refused as a conflict, and
 * not written twice. Into another one only where it stands as the plan saw it.
 */
function actionOf({ id, routing, version, seen }: LoadDocument): string {
  const where = routing === undefined ? '' : `,"routing":${JSON.stringify(routing)}`;
  const name = `"_id":${JSON.stringify(id)}${where}`;
  if (seen === undefined) return `{"index":{${name},"version":${version},"version_type":"external"}}\n`;
  if (seen === missing) return `{"create":{${name}}}\n`;
  const [sequence = '', term = ''] = seen.split('.');
  return `{"index":{${name},"if_seq_no":${sequence},"if_primary_term":${term}}}\n`;
}

/** The path of a document by itself: a source with line feeds fits into no `_bulk`. */
export function documentPath(index: string, { id, routing, version, seen }: LoadDocument): string {
  const where = routing === undefined ? '' : `routing=${encodeURIComponent(routing)}&`;
  const path = `/${encodeURIComponent(index)}/_doc/${encodeURIComponent(id)}?${where}pipeline=_none`;
  if (seen === undefined) return `${path}&version=${version}&version_type=external`;
  if (seen === missing) return `${path}&op_type=create`;
  const [sequence = '', term = ''] = seen.split('.');
  return `${path}&if_seq_no=${sequence}&if_primary_term=${term}`;
}

const missing = '0';

const item = z.object({
  status: z.number(),
  error: z
    .union([z.string(), z.object({ type: z.string().catch(''), reason: z.string().nullish() })])
    .optional(),
});
const answer = z.object({
  errors: z.boolean(),
  items: z.array(z.record(z.string(), item)).default([]),
});

export interface BulkResult {
  readonly written: number;
  /** To be sent again: the cluster was too busy for them. */
  readonly busy: readonly LoadDocument[];
  /** They no longer stand as they were seen. */
  readonly conflicts: readonly LoadDocument[];
  readonly refused: readonly RefusedItem[];
}

export interface RefusedItem {
  readonly id: string;
  readonly reason: string;
}

export const nothing: BulkResult = { written: 0, busy: [], conflicts: [], refused: [] };
const conflict = 409;
const busyStatuses = new Set([429, 503]);

/** What became of every document. @throws SyntaxError, ZodError where the answer is none */
export function readBulkAnswer(text: string, documents: readonly LoadDocument[]): BulkResult {
  if (isAllWritten(text, documents.length)) {
    return { written: documents.length, busy: [], conflicts: [], refused: [] };
  }
  const { errors, items } = answer.parse(JSON.parse(text));
  if (items.length !== documents.length) {
    throw new SyntaxError(`There are ${items.length} results for ${documents.length} documents.`);
  }
  if (!errors) return { ...nothing, written: documents.length };
  const busy: LoadDocument[] = [];
  const conflicts: LoadDocument[] = [];
  const refused: RefusedItem[] = [];
  documents.forEach((document, position) => {
    const { status = 500, error } = Object.values(items[position] ?? {})[0] ?? {};
    if (busyStatuses.has(status)) busy.push(document);
    else if (status === conflict) {
      // Into a new index, an earlier attempt has written it.
      if (document.seen !== undefined) conflicts.push(document);
    } else if (status >= 300) {
      refused.push({ id: document.id, reason: reasonOf(error, status) });
    }
  });
  const written = documents.length - busy.length - conflicts.length - refused.length;
  return { written, busy, conflicts, refused };
}

/** Most answers are of this kind: without errors and with a status for each document, which need not be parsed. */
function isAllWritten(text: string, documents: number): boolean {
  if (!text.startsWith('{"errors":false,')) return false;
  const status = '"status":';
  let count = 0;
  for (let at = text.indexOf(status); at >= 0; at = text.indexOf(status, at + status.length)) count++;
  return count === documents;
}

function reasonOf(error: z.output<typeof item>['error'], status: number): string {
  if (error === undefined) return `status ${status}`;
  return (typeof error === 'string' ? error : (error.reason ?? error.type)).slice(0, 300);
}
