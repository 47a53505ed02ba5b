import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type ElasticsearchServer, startElasticsearch } from '../../../services/elasticsearch.ts';
import { openElasticsearch } from '../../../stores/elasticsearch/elasticsearch.ts';
import { fill, must, settingsFor } from './plain.ts';
import { anyName, holdsForEveryCluster, renamed } from './suite.ts';

let server: ElasticsearchServer;

holdsForEveryCluster(async () => {
  server = await startElasticsearch();
  const inFolder = (name: string) => ({
    type: 'fs',
    settings: { location: join(server.repositories, name) },
  });
  const closed = join(server.repositories, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  return {
    address: server.address,
    freshRepository: () => inFolder(anyName()),
    unwritable: { definition: inFolder('closed'), reason: /AccessDenied|cannot create|not accessible/ },
    stop: () => server.stop(),
  };
});

test('an index whose data is gone from the repository fails the restore with the reason', async () => {
  const location = join(server.repositories, anyName());
  const store = openElasticsearch(settingsFor(server.address, { type: 'fs', settings: { location } }), 'red');
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
  await fill(server.address, 'whole', 5);
  await store.prepare(quiet.signal);
  await fill(server.address, 'broken', 5);
  const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
  for (const index of await readdir(join(location, 'indices'))) {
    const shard = join(location, 'indices', index, '0');
    const data = (await readdir(shard)).filter((name) => name.startsWith('__'));
    await Promise.all(data.map((name) => rm(join(shard, name))));
  }
  const plan = await store.planRestore(facts, renamed, quiet.signal);
  await expect(store.applyRestore(snapshot.name, plan, renamed, quiet)).rejects.toMatchObject({
    code: 'RestoreUnproven',
    message: expect.stringMatching(/red.*restored-(broken|whole) shard 0: .*(NoSuchFile|missing|failed)/s),
  });
  const health = await must(server.address, 'GET', '/_cluster/health/restored-*');
  expect(health).toMatchObject({ status: 'red' });
  store.close();
});
