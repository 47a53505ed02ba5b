import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OpenSearchServer, startOpenSearch } from '../../services/opensearch.ts';
import { askCluster, fill } from '../stores/elasticsearch/plain.ts';
import { attemptsOf, startBackup } from './runs.ts';
import { until } from './hold.ts';
import { command, manifestOf } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** A worker is killed while the cluster takes a snapshot. */
let server: OpenSearchServer;
let world: World;

beforeAll(async () => {
  server = await startOpenSearch();
  const settings = { location: join(server.repositories, 'slow'), max_snapshot_bytes_per_sec: '20kb' };
  const repository = { name: 'slow', type: 'fs', settings };
  world = await startWorld({
    search: { prefix: '', elasticsearch: { addresses: [server.address], repository } },
  });
}, 300_000);
afterAll(async () => {
  await world.stop();
  await server.stop();
});

test('the next worker finds the snapshot of the killed one, and it is the backup', async () => {
  await fill(server.address, 'one', 5_000);
  const killed = await world.startWorker();
  const run = await startBackup(world, 'search');
  const begun = await until(async () => {
    const { body } = await askCluster(server.address, 'GET', '/_snapshot/slow/_current');
    return (body as { snapshots?: { uuid: string }[] }).snapshots?.[0];
  });
  await killed.kill();
  await world.startWorker();
  const { id } = await run.result();
  expect(await attemptsOf(run)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  expect(await manifestOf(world, 'search', id)).toMatchObject({
    snapshot: { repository: 'slow', uuid: begun.uuid },
    content: { records: 5_000 },
    checks: [{ name: 'snapshot', outcome: 'equal' }],
  });
  // The facts are comparable still: nothing was written meanwhile, which the mark in the snapshot tells.
  expect((await manifestOf(world, 'search', id)).warnings).toBeUndefined();
  expect(await world.bucket.uploads('search/')).toEqual([]);
  expect(await world.bucket.keys('search/')).toEqual([
    `search/${id}/indices.ndjson.zst`,
    `search/${id}/manifest.json`,
  ]);

  const verified = await command(world, 'verify', 'search', id, '--json');
  expect([verified.exit, JSON.parse(verified.text)]).toMatchObject([
    0,
    { whole: true, checks: [{ name: 'snapshot', outcome: 'equal' }] },
  ]);
  const listed = await command(world, 'list', 'search', '--json');
  expect([listed.exit, JSON.parse(listed.text)]).toMatchObject([
    0,
    { snapshot: { uuid: begun.uuid, state: 'there' } },
  ]);
});
