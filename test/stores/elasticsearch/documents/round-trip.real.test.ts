import { startElasticsearch } from '../../../../services/elasticsearch.ts';
import { startOpenSearch } from '../../../../services/opensearch.ts';
import type { DocumentStore } from '../../../../stores/document-store.ts';
import { openDocumentStore } from '../../../../stores/elasticsearch/documents/documents.ts';
import { fill, must, settingsFor } from '../plain.ts';
import { archiveOf, never, restoreInto } from './archived.ts';
import { fillHostile, hostileCount, hostileIds, hostileSources } from './hostile.ts';

function open(address: string, ...indices: readonly string[]): DocumentStore {
  return openDocumentStore(settingsFor(address, { type: 'fs', settings: {} }, { indices }));
}

let taken: Awaited<ReturnType<typeof archiveOf>>;
let back: typeof taken;

test('OpenSearch gives every document of every index', async () => {
  const source = await startOpenSearch();
  await fillHostile(source.address);
  await fill(source.address, 'many', 5_000);
  const store = open(source.address, '*');
  taken = await archiveOf(store);
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
  const store = open(between.address, 'restored-*');
  const names = { pattern: '(.+)', replacement: 'restored-$1' };
  const there = await restoreInto(store, taken, { ...names, aliases: true });
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
  back = await archiveOf(store);
  store.close();
  await between.stop();
});

test('and back into OpenSearch, where only new indices are made', async () => {
  const target = await startOpenSearch();
  const store = open(target.address, '*');
  const again = await restoreInto(store, back, { pattern: '^restored-', replacement: '' });
  expect(again.loaded).toMatchObject({ documents: taken.content.records, refused: { count: 0 } });
  expect(again.found.map(({ digest }) => digest)).toEqual(taken.indices.map(({ digest }) => digest));
  for (const [id, bytes] of Object.entries(hostileSources)) {
    const response = await fetch(`${target.address}/orders/_doc/${id}`);
    expect(await response.text()).toContain(`"_source":${bytes}}`);
  }
  await onlyNewIndices(store, target.address, taken);
  store.close();
  await target.stop();
});

async function onlyWholeSources(address: string): Promise<void> {
  for (const [name, part] of Object.entries({
    off: { enabled: false },
    part: { excludes: ['secret'] },
  })) {
    await must(address, 'PUT', `/${name}`, { mappings: { _source: part } });
    const store = open(address, name);
    await expect(store.read(never)).rejects.toMatchObject({
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
  const wish = { indices: ['*'], pattern: '(.+)', replacement: '$1' };
  expect(await store.plan(many, wish, never)).toMatchObject([
    { op: 'refuse', target: 'many', reason: 'an index has this name' },
  ]);
  const plan = await store.plan(many, { ...wish, replacement: 'new-$1' }, never);
  await must(address, 'PUT', '/new-many');
  const options = { signal: never, restoreId: 'r', aliases: false, onProgress: () => undefined };
  async function* none() {}
  await expect(store.load(many, plan, none(), options)).rejects.toMatchObject({ code: 'RestoreConflict' });
}
