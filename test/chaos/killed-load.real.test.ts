import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OpenSearchServer, startOpenSearch } from '../../services/opensearch.ts';
import { type FaultProxy, startFaultProxy } from '../storage/fault-proxy.ts';
import { countIn, fill, must } from '../stores/elasticsearch/plain.ts';
import { hold } from './hold.ts';
import { backUp, reportOf, requestRestore } from './runs.ts';
import { startWorld, type World } from './world.ts';

/** A worker is killed while it writes documents into a new index, and into one that is there. */
let server: OpenSearchServer;
let proxy: FaultProxy;
let world: World;

beforeAll(async () => {
  server = await startOpenSearch();
  proxy = await startFaultProxy(server.address);
  world = await startWorld({
    search: {
      prefix: '',
      elasticsearch: { mode: 'documents', addresses: [proxy.address], indices: ['one'] },
    },
  });
}, 300_000);
afterAll(async () => {
  await world.stop();
  await proxy.close();
  await server.stop();
});

const documents = 40_000;

test('another worker ends the load, and no document is written twice or lost', async () => {
  await fill(server.address, 'one', documents);
  const killed = await world.startWorker();
  await backUp(world, 'search');
  const { reached, release } = hold(proxy, { path: /restored-one\/_bulk/, skip: 2 });
  await requestRestore(world, 'search', { approved: true, requestId: 'new' });
  await reached;
  await killed.kill();
  await must(server.address, 'POST', '/restored-one/_refresh');
  const written = await countIn(server.address, 'restored-one');
  expect(written).toBeLessThan(documents);
  release();
  const second = await world.startWorker();
  expect(await reportOf(world, 'search', 'new')).toMatchObject({
    ...{ outcome: 'restored', applied: { added: 1, documents, refused: 0 } },
    proof: { compared: 1, documents, differing: 0 },
  });
  expect(await countIn(server.address, 'restored-one')).toBe(documents);
  expect(await must(server.address, 'GET', '/restored-one/_mapping')).toHaveProperty(
    ['restored-one', 'mappings', '_meta'],
    {},
  );

  await must(server.address, 'DELETE', '/one');
  await must(server.address, 'PUT', '/one/_doc/mine?refresh=true', { mine: true });
  proxy.heal();
  const again = hold(proxy, { path: /one\/_bulk/, skip: 2 });
  await requestRestore(world, 'search', { mode: 'missing-only', approved: true, requestId: 'there' });
  await again.reached;
  await second.kill();
  again.release();
  await world.startWorker();
  const report = await reportOf(world, 'search', 'there');
  expect(report).toMatchObject({
    ...{ outcome: 'restored', plan: { documents: { add: documents } } },
    ...{ applied: { changed: 1, conflicts: 0 }, proof: { documents, differing: 0 } },
  });
  const { documents: wrote = 0, already = 0 } = report.applied ?? {};
  expect(wrote + already).toBe(documents);
  expect(already).toBeGreaterThan(0);
  expect(await countIn(server.address, 'one')).toBe(documents + 1);
}, 300_000);
