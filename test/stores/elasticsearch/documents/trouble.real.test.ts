import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openDocumentStore } from '../../../../stores/elasticsearch/documents/documents.ts';
import type { DocumentBatch } from '../../../../workflows/contract/document.ts';
import { definition, document } from '../../../archive/documents/memory.ts';
import { each } from '../../../archive/memory.ts';
import { settingsFor } from '../plain.ts';
import { never, renamed } from './archived.ts';

/** Servers that answer as real ones do in trouble, which cannot be made at will there. */

const closing: (() => unknown)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

type Answer = string | { readonly status: number; readonly body: string };
type Answers = (request: { method: string; path: string; body: string }) => Answer | undefined;

async function serve(answers: Answers): Promise<string> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [path = ''] = (request.url ?? '').split('?');
      const asked = { method: request.method ?? '', path, body: Buffer.concat(chunks).toString() };
      const answer = answers(asked) ?? usual(asked);
      const { status, body } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function usual({ path, body }: { readonly path: string; readonly body: string }): string {
  if (path === '/') {
    return '{"cluster_name":"c","cluster_uuid":"u","version":{"number":"3.3.2","distribution":"opensearch"}}';
  }
  if (path.startsWith('/_resolve')) return '{"indices":[{"name":"orders"}],"aliases":[],"data_streams":[]}';
  if (path === '/orders') {
    return '{"orders":{"aliases":{},"mappings":{},"settings":{"index.number_of_shards":"1"}}}';
  }
  if (path.endsWith('/point_in_time')) return '{"pit_id":"p","_shards":{"failed":0}}';
  if (path === '/_search') return isCount(body) ? page('', 2) : page(hit('1'));
  return '{}';
}

function isCount(body: string): boolean {
  return body.includes('"size":0');
}

function hit(id: string): string {
  return `{"_index":"orders","_id":"${id}","_version":1,"_score":null,"_source":{},"sort":[${id}]}`;
}

function page(hits: string, total = 0, whole = '"timed_out":false,"_shards":{"failed":0}'): string {
  return `{"pit_id":"p",${whole},"hits":{"total":{"value":${total}},"hits":[${hits}]}}`;
}

function open(address: string) {
  const store = openDocumentStore(settingsFor(address, { type: 'fs', settings: {} }));
  closing.push(() => store.close());
  return store;
}

async function readAll(answers: Answers): Promise<readonly DocumentBatch[]> {
  const { batches } = await open(await serve(answers)).read(['orders'], never);
  return Array.fromAsync(batches);
}

test('an index that gives fewer documents than it counts is no backup', async () => {
  await expect(readAll(() => undefined)).rejects.toMatchObject({
    code: 'StreamBroken',
    message: 'The index orders gave 1 documents, and counts 2 at the same moment.',
  });
});

test.each([
  ['shards failed', '"timed_out":false,"_shards":{"failed":1}'],
  ['that timed out', '"timed_out":true,"_shards":{"failed":0}'],
])('a page of which %s is none', async (_, whole) => {
  const answers: Answers = ({ path, body }) =>
    path === '/_search' && !isCount(body) ? page(hit('1'), 0, whole) : undefined;
  await expect(readAll(answers)).rejects.toMatchObject({ code: 'StreamBroken' });
});

test('an answer that is no JSON is none', async () => {
  const answers: Answers = ({ path, body }) =>
    path === '/_search' && !isCount(body) ? '{"pit_id":"p","hits":{"hits":[{"_id":' : undefined;
  await expect(readAll(answers)).rejects.toMatchObject({ code: 'StreamBroken' });
});

test('pages that are too large are asked for in smaller ones', async () => {
  const asked: number[] = [];
  const batches = await readAll(({ path, body }) => {
    if (path !== '/_search' || isCount(body)) return undefined;
    const { size, search_after: after = [0] } = JSON.parse(body) as { size: number; search_after?: number[] };
    asked.push(size);
    if (size > 2) return { status: 413, body: '{"error":"too large","status":413}' };
    const next = (after[0] ?? 0) + 1;
    return page(next > 2 ? '' : hit(String(next)) + (size > 1 && next < 2 ? `,${hit('2')}` : ''));
  });
  expect(batches.flatMap(({ documents }) => documents.map(({ id }) => id))).toEqual(['1', '2']);
  expect(asked.slice(0, 2)).toEqual([10, 2]);
});

const documents = ['1', '2', '3', '4'].map((id) => document(id, '{}'));
const plan = [{ op: 'add', index: 'orders', target: 'new', seen: '0' }] as const;

async function load(answers: Answers) {
  const store = open(await serve(answers));
  return store.load([definition('orders')], plan, each([{ index: 'orders', documents }]), {
    ...{ signal: never, restoreId: 'r', wish: renamed('new') },
    onProgress: () => undefined,
  });
}

function idsIn(body: string): readonly string[] {
  return Array.from(body.matchAll(/"_id":"(\d+)"/g), ([, id = '']) => id);
}

test('only documents that the cluster was too busy for are sent again', async () => {
  const sent: string[] = [];
  const loaded = await load(({ path, body }) => {
    if (!path.endsWith('/_bulk')) return undefined;
    const ids = idsIn(body);
    sent.push(ids.join());
    const items = ids.map((id) => {
      if (id === '3') return { index: { status: 400, error: { type: 'x', reason: 'no number' } } };
      return { index: { status: sent.length === 1 && id !== '1' ? 429 : 201 } };
    });
    return JSON.stringify({ errors: true, items });
  });
  expect(sent).toEqual(['1,2,3,4', '2,4']);
  expect(loaded).toEqual({
    documents: 3,
    already: 0,
    conflicts: { count: 0, examples: [] },
    refused: { count: 1, examples: [{ document: 'new/_doc/3', reason: 'no number' }] },
    dropped: [],
  });
});

test('requests that are too large are halved; one document that is too large is refused by name', async () => {
  const loaded = await load(({ path, body }) => {
    if (!path.endsWith('/_bulk')) return undefined;
    const ids = idsIn(body);
    if (ids.length > 2 || ids.includes('2')) return { status: 413, body: '' };
    return JSON.stringify({ errors: false, items: ids.map(() => ({ index: { status: 201 } })) });
  });
  expect(loaded.documents).toBe(3);
  expect(loaded.refused).toMatchObject({
    count: 1,
    examples: [{ document: 'new/_doc/2', reason: expect.stringContaining('larger') as unknown }],
  });
});
