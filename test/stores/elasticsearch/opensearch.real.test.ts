import { expect, test } from '@jest/globals';
import { type OpenSearchServer, startOpenSearch } from '../../../services/opensearch.ts';
import { startS3 } from '../../../services/s3.ts';
import { openElasticsearch } from '../../../stores/elasticsearch/elasticsearch.ts';
import { removeDrillIndices } from '../../../stores/elasticsearch/scratch.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import { countIn, fill, must, settingsFor } from './plain.ts';
import { anyName, holdsForEveryCluster, proving, renamed } from './suite.ts';

let server: OpenSearchServer;

holdsForEveryCluster(async () => {
  const s3 = await startS3({ buckets: ['snapshots'] });
  // `warm`, so that indices can be mounted from snapshots.
  const settings = {
    'node.roles': ['cluster_manager', 'data', 'ingest', 'warm'],
    'node.search.cache.size': '50mb',
  };
  server = await startOpenSearch({ s3, settings });
  const inBucket = (bucket: string) => ({ type: 's3', settings: { bucket, base_path: anyName() } });
  return {
    address: server.address,
    freshRepository: () => inBucket('snapshots'),
    unwritable: { definition: inBucket('no-such-bucket'), reason: /NoSuchBucket|does not exist/ },
    async stop() {
      await server.stop();
      await s3.stop();
    },
  };
});

/** A data stream of two backing indices, with three documents. */
async function fillStream(): Promise<void> {
  const ask = (method: string, path: string, body?: unknown) => must(server.address, method, path, body);
  await ask('PUT', '/_index_template/logs', { index_patterns: ['logs'], data_stream: {} });
  for (const n of [1, 2]) await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': n, n });
  await ask('POST', '/logs/_rollover');
  await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': 3, n: 3 });
}

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

async function openStreams(indices: readonly string[]) {
  const definition = { type: 'fs', settings: { location: `${server.repositories}/${anyName()}` } };
  const store = openElasticsearch(settingsFor(server.address, definition, { indices }), 'streams');
  await store.prepare(quiet.signal);
  return store;
}

test('a data stream comes back as one, under another name or in its place; single backing indices as indices', async () => {
  const ask = (method: string, path: string, body?: unknown) => must(server.address, method, path, body);
  await fillStream();
  const store = await openStreams(['logs']);
  const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
  expect(snapshot.dataStreams).toEqual(['logs']);
  expect(facts).toMatchObject([
    { index: '.ds-logs-000001', dataStream: 'logs', documents: 2, settled: true },
    { index: '.ds-logs-000002', dataStream: 'logs', documents: 1, settled: true },
  ]);

  const plan = await store.planRestore(facts, renamed, quiet.signal);
  expect(plan).toEqual(
    ['000001', '000002'].map((n) => ({
      ...{ op: 'add', index: `.ds-logs-${n}`, target: `.ds-restored-logs-${n}`, stream: 'logs', seen: '0' },
      reason: 'of the data stream restored-logs, for which there is no index template: it cannot roll over',
    })),
  );
  await store.applyRestore(snapshot.name, plan, renamed, quiet);
  // As an attempt that finds what another one has done.
  await store.applyRestore(snapshot.name, plan, renamed, quiet);
  expect(await store.proveRestore(facts, plan, proving)).toMatchObject({ documents: 3, differing: 0 });
  expect(await countIn(server.address, 'restored-logs')).toBe(3);
  const { data_streams: streams } = (await ask('GET', '/_data_stream/*')) as { data_streams: object[] };
  expect(streams).toMatchObject([
    { name: 'logs' },
    { name: 'restored-logs', indices: [{}, { index_name: '.ds-restored-logs-000002' }] },
  ]);
  const clash = await store.planRestore(facts, renamed, quiet.signal);
  expect(clash.map(({ op, reason }) => [op, reason])).toEqual(
    [1, 2].map(() => ['refuse', 'a data stream restored-logs is there']),
  );

  const some = { ...renamed, indices: ['.ds-logs-000002'] };
  const single = await store.planRestore(facts, some, quiet.signal);
  expect(single).toMatchObject([{ op: 'add', target: 'restored-.ds-logs-000002' }]);
  expect(single[0]).not.toHaveProperty('stream');
  await store.applyRestore(snapshot.name, single, some, quiet);
  expect(await store.proveRestore(facts, single, proving)).toMatchObject({ documents: 1, differing: 0 });
  store.close();
});

test('a data stream that is replaced goes as a whole, and the plan says what is lost of it', async () => {
  const ask = (method: string, path: string, body?: unknown) => must(server.address, method, path, body);
  await fillStream();
  const store = await openStreams(['logs']);
  const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
  const wish: IndexWish = { ...renamed, into: { how: 'delete' } };
  const rolled = await store.planRestore(facts, wish, quiet.signal);
  expect(rolled).toMatchObject([{ op: 'change' }, { op: 'change', reason: 'of the data stream logs' }]);
  await ask('POST', '/logs/_rollover');
  await expect(store.applyRestore(snapshot.name, rolled, wish, quiet)).rejects.toMatchObject({
    code: 'RestoreConflict',
    message: expect.stringContaining('.ds-logs-000003'),
  });
  expect(await countIn(server.address, 'logs')).toBe(3);

  await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': 4, n: 4 });
  const plan = await store.planRestore(facts, wish, quiet.signal);
  expect(plan.map(({ op, target }) => [op, target])).toEqual([
    ['change', '.ds-logs-000001'],
    ['change', '.ds-logs-000002'],
    ['remove', '.ds-logs-000003'],
  ]);
  await store.applyRestore(snapshot.name, plan, wish, quiet);
  expect(await store.proveRestore(facts, plan, proving)).toMatchObject({ indices: 2, documents: 3 });
  expect(await countIn(server.address, 'logs')).toBe(3);
  await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': 5, n: 5 });
  expect(await countIn(server.address, 'logs')).toBe(4);

  const close: IndexWish = { ...renamed, into: { how: 'close' } };
  expect(await store.planRestore(facts, close, quiet.signal)).toMatchObject(
    [1, 2].map(() => ({ op: 'refuse', reason: expect.stringContaining('only by deleting it first') })),
  );
  store.close();
});

test('a data stream is left out with its backing indices, and one of a drill always', async () => {
  await fillStream();
  const drilled = 'holdfast-drill-streams-1-logs';
  await must(server.address, 'PUT', '/_index_template/drills', {
    ...{ index_patterns: ['holdfast-drill-*'], data_stream: {} },
  });
  await must(server.address, 'PUT', `/_data_stream/${drilled}`);
  await fill(server.address, 'one', 1);
  const store = await openStreams(['*', '-logs', '-.ds-logs-*']);
  const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
  expect(facts.map(({ index }) => index)).toEqual(['one']);
  expect(snapshot.dataStreams).toEqual([]);
  store.close();

  await removeDrillIndices(
    settingsFor(server.address, { type: 'fs', settings: {} }),
    'streams',
    () => true,
    quiet.signal,
  );
  expect(await must(server.address, 'GET', '/_data_stream/*')).toMatchObject({
    data_streams: [{ name: 'logs' }],
  });
});

test('an index that is mounted from a snapshot is named as one that is not backed up', async () => {
  const definition = { type: 'fs', settings: { location: `${server.repositories}/mounted` } };
  const settings = settingsFor(server.address, definition, { indices: ['*one'] });
  const store = openElasticsearch(settings, 'mounted');
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined, mayBeEmpty: false };
  await fill(server.address, 'one', 20);
  await store.prepare(quiet.signal);
  const { snapshot } = await store.take('20261122T041500Z', quiet);
  await must(
    server.address,
    'POST',
    `/_snapshot/holdfast/${snapshot.name}/_restore?wait_for_completion=true`,
    {
      indices: 'one',
      storage_type: 'remote_snapshot',
      rename_pattern: '(.+)',
      rename_replacement: 'mounted-$1',
    },
  );
  const { facts, leftOut } = await store.take('20261122T051500Z', quiet);
  expect(facts.map(({ index }) => index)).toEqual(['one']);
  expect(leftOut).toEqual([
    { reason: expect.stringContaining('searchable snapshot'), count: 1, examples: ['mounted-one'] },
  ]);
  store.close();
});
