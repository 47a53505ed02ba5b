import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readIndexSummary } from '../../activities/backup-reading.ts';
import { startElasticsearch } from '../../services/elasticsearch.ts';
import { startOpenSearch } from '../../services/opensearch.ts';
import type { RunningServer } from '../../services/server.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import {
  fillHostile,
  hostileCount,
  hostileIds,
  hostileSources,
} from '../stores/elasticsearch/documents/hostile.ts';
import { countIn, fill, must } from '../stores/elasticsearch/plain.ts';
import { backUp, manifestOf, restoreAs } from './index-runs.ts';
import { type Rig, startRig } from './rig.ts';

/** Indices document by document, between the two products, as Temporal runs them. */
let opensearch: RunningServer;
let elasticsearch: RunningServer;
let rig: Rig;
/** Two Javas, and tens of megabytes through both, want their time. */
const long = 300_000;
const never = new AbortController().signal;

beforeAll(async () => {
  [opensearch, elasticsearch] = await Promise.all([startOpenSearch(), startElasticsearch()]);
  const job = ({ address }: RunningServer, indices: readonly string[], more: object = {}) => ({
    ...{ prefix: '', elasticsearch: { mode: 'documents', addresses: [address], indices }, ...more },
  });
  rig = await startRig({
    source: job(opensearch, ['*'], { keep: { last: 1 } }),
    other: job(elasticsearch, ['restored-*']),
    nothing: job(opensearch, ['nothing-*']),
    keeps: job(opensearch, ['keeps-*']),
  });
}, long);
afterAll(async () => {
  await rig.stop();
  await Promise.all([opensearch.stop(), elasticsearch.stop()]);
});

const held = {
  ...{ empty: 0, large: 3, many: 500 },
  ...{ orders: Object.keys(hostileSources).length + hostileIds.length + 2, stream: 5 },
};
let taken: Manifest;

test(
  'a backup of OpenSearch holds every document, and says of which moment',
  async () => {
    await fillHostile(opensearch.address);
    await fill(opensearch.address, 'many', 500);
    taken = await backUp(rig, 'source');
    expect(taken).toMatchObject({
      store: { kind: 'elasticsearch', version: '3.3.2', details: { product: 'opensearch' } },
      scope: { prefix: '' },
      moment: { index: expect.stringMatching(/^\d{13}$/), consistency: 'per-index' },
      content: { records: hostileCount + 500 },
      objects: [{ name: `${taken.id}/documents.ndjson.zst`, format: 'documents.ndjson' }],
      leftOut: [],
    });
    const indices = await readIndexSummary(rig.storage, taken, [], never);
    expect(Object.fromEntries(indices.map(({ index, documents }) => [index, documents]))).toEqual(held);
  },
  long,
);

test(
  'Elasticsearch gets them under new names, bit for bit; what it does not know is named',
  async () => {
    const report = await restoreAs(rig, 'source', {
      ...{ toJob: 'other', swapAliases: true, requestId: 'across' },
      indexSettings: { 'index.number_of_replicas': 0 },
    });
    expect(report.waited.plan).toMatchObject({
      add: 5,
      documents: { add: taken.content.records },
      harmless: true,
    });
    expect(report).toMatchObject({
      outcome: 'restored',
      applied: { added: 5, documents: taken.content.records, refused: 0 },
      proof: {
        ...{ compared: 5, differing: 0, documents: taken.content.records, samples: taken.content.records },
        aliases: ['current'],
      },
    });
    expect(report.safetyBackup).toBeUndefined();
    expect(report.applied?.droppedSettings).toContain('restored-orders: index.replication.type');
    for (const [id, source] of Object.entries(hostileSources)) {
      const raw = await fetch(`${elasticsearch.address}/restored-orders/_doc/${id}`);
      expect(await raw.text()).toContain(`"_source":${source}}`);
    }
    const routed = await fetch(`${elasticsearch.address}/restored-orders/_doc/answer?routing=question`);
    expect(await routed.text()).toContain('"_source":{"parent":"question"}');
    const nested = { query: { nested: { path: 'items', query: { term: { 'items.n': 2 } } } } };
    expect(await must(elasticsearch.address, 'POST', '/restored-orders/_count', nested)).toMatchObject({
      count: 1,
    });
    expect(await must(elasticsearch.address, 'GET', '/restored-orders')).toMatchObject({
      'restored-orders': {
        mappings: { _meta: { kept: true }, dynamic: 'false' },
        settings: { index: { number_of_shards: '3', number_of_replicas: '0', final_pipeline: 'missing' } },
      },
    });
  },
  long,
);

test(
  'what Elasticsearch gave, OpenSearch takes; names that are there are found by the plan',
  async () => {
    const { content } = await backUp(rig, 'other');
    expect(content.records).toBe(taken.content.records);
    const clash = await restoreAs(rig, 'other', { toJob: 'source', rename: 'many', requestId: 'clash' });
    expect(clash).toMatchObject({ outcome: 'failed', failure: { code: 'Unrestorable' } });
    expect(clash.failure?.message).toContain('an index has this name');

    const back = await restoreAs(rig, 'other', {
      ...{ toJob: 'source', indices: 'restored-many,restored-large', rename: 'back-$1', requestId: 'back' },
    });
    expect(back).toMatchObject({ outcome: 'restored', proof: { compared: 2, documents: 503, differing: 0 } });
    expect(back.proof?.aliases).toBeUndefined();
    expect(await countIn(opensearch.address, 'back-restored-many')).toBe(500);
    const raw = await fetch(`${opensearch.address}/back-restored-many/_doc/1`);
    expect(await raw.text()).toContain(`"long":${2n ** 62n + 1n}`);
  },
  long,
);

test(
  'documents go into an index that is there, guarded by what the plan saw',
  async () => {
    const { address } = opensearch;
    const put = (id: string, body: unknown) => must(address, 'PUT', `/keeps-1/_doc/${id}?refresh=true`, body);
    const sourceOf = async (id: string) => (await fetch(`${address}/keeps-1/_source/${id}`)).text();
    await fill(address, 'keeps-1', 50);
    await fill(address, 'keeps-2', 5);
    await backUp(rig, 'keeps');
    await must(address, 'DELETE', '/keeps-1/_doc/3?refresh=true');
    await put('5', { spoilt: true });
    await put('mine', { mine: true });

    const request = { indices: 'keeps-*', mode: 'missing-only', requestId: 'missing' } as const;
    const missing = await restoreAs(rig, 'keeps', request);
    expect(missing).toMatchObject({
      outcome: 'restored',
      plan: { add: 0, change: 1, equal: 1, documents: { add: 1, change: 0, equal: 53, keep: 1 } },
      applied: { changed: 1, documents: 1, conflicts: 0 },
      proof: { compared: 2, documents: 55, differing: 0 },
    });
    expect(missing.plan?.examples).toEqual([
      { op: 'change', key: 'keeps-1', from: 'keeps-1', seen: expect.any(String) },
      { op: 'add', index: 'keeps-1', key: '3', seen: '0' },
    ]);
    expect(await manifestOf(rig, 'keeps', missing.safetyBackup)).toMatchObject({
      ...{ reason: 'safety', scope: { prefix: '', indices: ['keeps-1'] }, content: { records: 50 } },
    });
    expect(await sourceOf('5')).toBe('{"spoilt":true}');

    const conflict = await restoreAs(
      rig,
      'keeps',
      { ...request, mode: 'overwrite', requestId: 'conflict' },
      () => put('5', { spoilt: false }),
    );
    expect(conflict).toMatchObject({ outcome: 'failed', failure: { code: 'RestoreConflict' } });
    expect(conflict.failure?.message).toContain('keeps-1/_doc/5');

    const overwritten = await restoreAs(rig, 'keeps', {
      ...request,
      mode: 'overwrite',
      requestId: 'overwrite',
    });
    expect(overwritten).toMatchObject({
      ...{ outcome: 'restored', plan: { documents: { add: 0, change: 1 } }, applied: { documents: 1 } },
    });
    expect(await sourceOf('5')).toContain(`"long":${2n ** 62n + 5n}`);
    expect(await sourceOf('mine')).toBe('{"mine":true}');
    expect(await restoreAs(rig, 'keeps', { ...request, requestId: 'nothing' })).toMatchObject({
      outcome: 'nothing-to-do',
    });
    expect(await restoreAs(rig, 'keeps', { mode: 'mirror', requestId: 'mirror' })).toMatchObject({
      ...{ outcome: 'failed', failure: { code: 'BadRequest' } },
    });
  },
  long,
);

test(
  'documents of OpenSearch go into an index of Elasticsearch that is there',
  async () => {
    const { address } = elasticsearch;
    await must(address, 'PUT', '/restored-many/_doc/9?refresh=true', { spoilt: true });
    await must(address, 'DELETE', '/restored-many/_doc/10?refresh=true');
    const report = await restoreAs(rig, 'source', {
      ...{ backup: taken.id, toJob: 'other', indices: 'many', rename: 'restored-$1' },
      ...{ mode: 'overwrite', requestId: 'into' },
    });
    expect(report).toMatchObject({
      ...{ outcome: 'restored', plan: { documents: { add: 1, change: 1, equal: 498, keep: 0 } } },
      ...{ applied: { documents: 2, conflicts: 0 }, proof: { documents: 500, differing: 0 } },
    });
    expect(await manifestOf(rig, 'other', report.safetyBackup)).toMatchObject({
      scope: { indices: ['restored-many'] },
      content: { records: 499 },
    });
    const raw = await fetch(`${address}/restored-many/_source/9`);
    expect(await raw.text()).toContain(`"long":${2n ** 62n + 9n}`);
  },
  long,
);

test('indices without a document are a failure, unless the job says otherwise', async () => {
  await expect(backUp(rig, 'nothing')).rejects.toMatchObject({ cause: { type: 'StoreEmpty' } });
  expect(await rig.stored('nothing')).toEqual([]);
});

test('retention removes what is stored', async () => {
  const { id } = await backUp(rig, 'source');
  expect((await rig.stored('source')).filter((name) => !name.includes('/restores/'))).toEqual([
    `source/${id}/documents.ndjson.zst`,
    `source/${id}/manifest.json`,
  ]);
});
