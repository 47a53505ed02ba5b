import { z } from 'zod';
import { DocumentView } from '../../../workflows/contract/document-view.ts';
import { copyFew } from '../../../workflows/contract/memory.ts';
import type { LoadDocument } from '../../document-store.ts';

/** The body of a `_bulk` request; every source as it is. */
export function bulkBody(documents: readonly LoadDocument[]): Buffer {
  const actions = documents.map((document) => (isCopied(document) ? '' : actionOf(document)));
  let size = 0;
  documents.forEach((document, position) => {
    size += isCopied(document)
      ? document.place.sourceEnd - document.place.idStart + roomForNames
      : 3 * (actions[position]?.length ?? 0) + document.source.length + 1;
  });
  const body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  documents.forEach((document, position) => {
    if (isCopied(document)) at = copyAction(document, body, at);
    else {
      at += body.write(actions[position] ?? '', at);
      at += document.source.copy(body, at);
    }
    body[at++] = newline;
  });
  return body.subarray(0, at);
}

const newline = 0x0a;
const idName = Buffer.from('{"index":{"_id":"');
const routingName = Buffer.from('","routing":"');
const versionName = Buffer.from('","version":');
const actionEnd = Buffer.from(',"version_type":"external"}}\n');
/** A version has at most 19 digits. */
const roomForNames = idName.length + routingName.length + versionName.length + actionEnd.length + 20;

/** Of what goes into a new index, most can be copied from the archive as it stands there. */
function isCopied(document: LoadDocument): document is DocumentView {
  return document instanceof DocumentView && document.place.plain;
}

/** The action that `actionOf` gives for a new index, and the source. */
function copyAction({ bytes: from, place }: DocumentView, to: Buffer, start: number): number {
  const { versionStart, versionEnd, idStart, idEnd, routingStart, routingEnd, sourceStart, sourceEnd } =
    place;
  let at = start;
  at += copyFew(idName, 0, idName.length, to, at);
  at += copyFew(from, idStart, idEnd, to, at);
  if (routingStart > 0) {
    at += copyFew(routingName, 0, routingName.length, to, at);
    at += copyFew(from, routingStart, routingEnd, to, at);
  }
  at += copyFew(versionName, 0, versionName.length, to, at);
  at += copyFew(from, versionStart, versionEnd, to, at);
  at += copyFew(actionEnd, 0, actionEnd.length, to, at);
  return at + from.copy(to, at, sourceStart, sourceEnd);
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
