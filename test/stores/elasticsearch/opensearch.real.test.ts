import { expect, test } from '@jest/globals';
import { type OpenSearchServer, startOpenSearch } from '../../../services/opensearch.ts';
import { startS3 } from '../../../services/s3.ts';
import { openElasticsearch } from '../../../stores/elasticsearch/elasticsearch.ts';
import { fill, must, settingsFor } from './plain.ts';
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

test('a data stream is in the snapshot, and its backing indices come back under new names', async () => {
  const ask = (method: string, path: string, body?: unknown) => must(server.address, method, path, body);
  await ask('PUT', '/_index_template/logs', { index_patterns: ['logs'], data_stream: {} });
  for (const n of [1, 2]) await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': n, n });
  await ask('POST', '/logs/_rollover');
  await ask('POST', '/logs/_doc?refresh=true', { '@timestamp': 3, n: 3 });

  const definition = { type: 'fs', settings: { location: `${server.repositories}/streams` } };
  const settings = settingsFor(server.address, definition, { indices: ['logs'] });
  const store = openElasticsearch(settings, 'streams');
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
  await store.prepare(quiet.signal);
  const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
  expect(snapshot.dataStreams).toEqual(['logs']);
  expect(facts).toMatchObject([
    { index: '.ds-logs-000001', dataStream: 'logs', documents: 2, settled: true },
    { index: '.ds-logs-000002', dataStream: 'logs', documents: 1, settled: true },
  ]);

  const wish = { ...renamed, indices: ['logs'] };
  const plan = await store.planRestore(facts, wish, quiet.signal);
  expect(plan.map(({ target }) => target)).toEqual(['restored-.ds-logs-000001', 'restored-.ds-logs-000002']);
  await store.applyRestore(snapshot.name, plan, wish, quiet);
  expect(await store.proveRestore(facts, plan, proving)).toMatchObject({ documents: 3, differing: 0 });
  // They stay hidden, as backing indices are.
  const counted = await ask('GET', '/restored-*/_count?expand_wildcards=all');
  expect(counted).toMatchObject({ count: 3 });
  expect(await store.planRestore(facts, { ...wish, into: { how: 'delete' } }, quiet.signal)).toEqual(
    ['000001', '000002'].map((n) =>
      expect.objectContaining({
        op: 'refuse',
        target: `.ds-logs-${n}`,
        reason: expect.stringContaining('logs'),
      }),
    ),
  );
  store.close();
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
