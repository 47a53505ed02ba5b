import { startElasticsearch } from '../../../../services/elasticsearch.ts';
import { startOpenSearch } from '../../../../services/opensearch.ts';
import type { DocumentStore } from '../../../../stores/document-store.ts';
import { openDocumentStore } from '../../../../stores/elasticsearch/documents/documents.ts';
import type { IndexDefinition } from '../../../../workflows/contract/document.ts';
import { document } from '../../../archive/documents/memory.ts';
import { each } from '../../../archive/memory.ts';
import { countIn, fill, must, settingsFor } from '../plain.ts';
import { archiveOf, never, renamed, restoreInto } from './archived.ts';
import { fillHostile, hostileCount, hostileIds, hostileSources } from './hostile.ts';

function open(address: string): DocumentStore {
  return openDocumentStore(settingsFor(address, { type: 'fs', settings: {} }));
}

let taken: Awaited<ReturnType<typeof archiveOf>>;
let back: typeof taken;

test('OpenSearch gives every document of every index', async () => {
  const source = await startOpenSearch();
  await fillHostile(source.address);
  await fill(source.address, 'many', 5_000);
  const store = open(source.address);
  taken = await archiveOf(store, '*');
  expect(taken.content.records).toBe(hostileCount + 5_000);
  expect(taken.indices.map(({ index, documents }) => [index, documents])).toEqual([
    ['empty', 0],
    ['large', 3],
    ['many', 5_000],
    ['orders', Object.keys(hostileSources).length + hostileIds.length + 2],
    ['stream', 5],
  ]);
  await onlyWholeSources(source.address);
  store.close();
  await source.stop();
});

test('Elasticsearch takes them, bit for bit, and says what it does not know', async () => {
  const between = await startElasticsearch();
  const store = open(between.address);
  const there = await restoreInto(store, taken, renamed('restored-$1', '(.+)', { swapAliases: true }));
  expect(there.aliases).toEqual(['current']);
  expect(there.loaded).toMatchObject({ documents: taken.content.records, refused: { count: 0 } });
  expect(there.loaded.dropped).toContain('restored-orders: index.replication.type');
  expect(there.found).toEqual(taken.indices);

  const { 'restored-orders': orders } = (await must(between.address, 'GET', '/restored-orders')) as Record<
    string,
    { aliases: unknown; mappings: { _meta: unknown }; settings: { index: Record<string, unknown> } }
  >;
  expect(orders?.aliases).toEqual({ current: { filter: { term: { long: 1 } } } });
  expect(orders?.mappings._meta).toEqual({ kept: true });
  expect(orders?.settings.index).toMatchObject({ final_pipeline: 'missing', number_of_shards: '3' });
  expect(orders?.settings.index).not.toHaveProperty('refresh_interval');
  const raw = await fetch(`${between.address}/restored-orders/_doc/spaces`);
  expect(await raw.text()).toContain(`"_version":7,`);
  back = await archiveOf(store, 'restored-*');
  store.close();
  await between.stop();
});

test('and back into OpenSearch, where only new indices are made', async () => {
  const target = await startOpenSearch();
  const store = open(target.address);
  const again = await restoreInto(store, back, renamed('', '^restored-'));
  expect(again.loaded).toMatchObject({ documents: taken.content.records, refused: { count: 0 } });
  expect(again.found.map(({ digest }) => digest)).toEqual(taken.indices.map(({ digest }) => digest));
  for (const [id, bytes] of Object.entries(hostileSources)) {
    const response = await fetch(`${target.address}/orders/_doc/${id}`);
    expect(await response.text()).toContain(`"_source":${bytes}}`);
  }
  await onlyNewIndices(store, target.address, taken);
  await streamsBecomeIndices(store, target.address, taken);
  store.close();
  await target.stop();
});

async function onlyWholeSources(address: string): Promise<void> {
  for (const [name, part] of Object.entries({
    off: { enabled: false },
    part: { excludes: ['secret'] },
  })) {
    await must(address, 'PUT', `/${name}`, { mappings: { _source: part } });
    const store = open(address);
    await expect(store.read([name], never)).rejects.toMatchObject({
      code: 'UnreadableKeys',
      message: expect.stringContaining(name) as string,
    });
    store.close();
  }
}

/** What is there already is refused by the plan; what came between plan and load is not touched. */
async function onlyNewIndices(
  store: DocumentStore,
  address: string,
  { definitions }: Pick<Awaited<ReturnType<typeof archiveOf>>, 'definitions'>,
): Promise<void> {
  const many = definitions.filter(({ index }) => index === 'many');
  expect(await store.plan(many, renamed('$1'), never)).toMatchObject([
    { op: 'refuse', target: 'many', reason: 'an index has this name' },
  ]);
  const wish = renamed('new-$1');
  const plan = await store.plan(many, wish, never);
  await must(address, 'PUT', '/new-many');
  const options = { signal: never, restoreId: 'r', wish, onProgress: () => undefined };
  async function* none() {}
  await expect(store.load(many, plan, none(), options)).rejects.toMatchObject({ code: 'RestoreConflict' });
  await loadsTwice(store, address, many);
}

/** The plan says so, and does not take a name under which the cluster makes data streams alone. */
async function streamsBecomeIndices(
  store: DocumentStore,
  address: string,
  { definitions }: Pick<Awaited<ReturnType<typeof archiveOf>>, 'definitions'>,
): Promise<void> {
  await must(address, 'PUT', '/_index_template/stream', {
    ...{ index_patterns: ['kept-*'], data_stream: {}, priority: 7 },
  });
  const streams = definitions.filter(({ kind }) => kind === 'data stream');
  expect(await store.plan(streams, renamed('kept-$1'), never)).toMatchObject([
    {
      op: 'refuse',
      target: 'kept-stream',
      reason: expect.stringContaining('the index template stream makes data streams') as string,
    },
  ]);
  expect(await store.plan(streams, renamed('was-$1'), never)).toMatchObject([
    { op: 'add', target: 'was-stream', reason: 'a data stream, which becomes an index' },
  ]);
}

/** A worker may die when all is written and nobody knows. */
async function loadsTwice(
  store: DocumentStore,
  address: string,
  many: readonly IndexDefinition[],
): Promise<void> {
  const wish = renamed('twice-$1', '(.+)', { settings: { 'index.max_result_window': 77 } });
  const plan = await store.plan(many, wish, never);
  const options = { signal: never, restoreId: 'r', wish, onProgress: () => undefined };
  for (let attempt = 1; attempt <= 2; attempt++) {
    const batches = each([{ index: 'many', documents: [document('1', '{"n":1}')] }]);
    expect(await store.load(many, plan, batches, options)).toMatchObject({ documents: 1, dropped: [] });
  }
  expect(await must(address, 'GET', '/twice-many')).toMatchObject({
    'twice-many': {
      mappings: { _meta: { holdfast_restore: { restoreId: 'r' } } },
      settings: { index: { max_result_window: '77' } },
    },
  });
  expect(await countIn(address, 'twice-many')).toBe(1);
}
