import { z } from 'zod';
import type { IndexDocument } from '../../../workflows/contract/document.ts';

/** The body of a `_bulk` request; every source as it is. */
export function bulkBody(documents: readonly IndexDocument[]): Buffer {
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

/** With the version that it had, a document that is there already is refused as a conflict, and not written twice. */
function actionOf({ id, routing, version }: IndexDocument): string {
  const where = routing === undefined ? '' : `,"routing":${JSON.stringify(routing)}`;
  return `{"index":{"_id":${JSON.stringify(id)}${where},"version":${version},"version_type":"external"}}\n`;
}

/** The path of a document by itself: a source with line feeds fits into no `_bulk`. */
export function documentPath(index: string, { id, routing, version }: IndexDocument): string {
  const where = routing === undefined ? '' : `routing=${encodeURIComponent(routing)}&`;
  return (
    `/${encodeURIComponent(index)}/_doc/${encodeURIComponent(id)}?` +
    `${where}version=${version}&version_type=external&pipeline=_none`
  );
}

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
  readonly busy: readonly IndexDocument[];
  readonly refused: readonly string[];
}

const conflict = 409;
const busyStatuses = new Set([429, 503]);

/** What became of every document. @throws SyntaxError, ZodError where the answer is none */
export function readBulkAnswer(text: string, documents: readonly IndexDocument[]): BulkResult {
  const { errors, items } = answer.parse(JSON.parse(text));
  if (items.length !== documents.length) {
    throw new SyntaxError(`There are ${items.length} results for ${documents.length} documents.`);
  }
  if (!errors) return { written: documents.length, busy: [], refused: [] };
  const busy: IndexDocument[] = [];
  const refused: string[] = [];
  documents.forEach((document, position) => {
    const { status = 500, error } = Object.values(items[position] ?? {})[0] ?? {};
    if (busyStatuses.has(status)) busy.push(document);
    else if (status >= 300 && status !== conflict) refused.push(`${document.id}: ${reasonOf(error, status)}`);
  });
  return { written: documents.length - busy.length - refused.length, busy, refused };
}

function reasonOf(error: z.output<typeof item>['error'], status: number): string {
  if (error === undefined) return `status ${status}`;
  return (typeof error === 'string' ? error : (error.reason ?? error.type)).slice(0, 300);
}
