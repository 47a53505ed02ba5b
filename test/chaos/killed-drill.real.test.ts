import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathForDrills } from '../../services/on-path.ts';
import type { StoreKind } from '../../workflows/contract/manifest.ts';
import { startingDrill } from '../../workflows/contract/starting.ts';
import { fillConsul } from '../stores/plain-consul.ts';
import { fillEtcd, listEtcd } from '../stores/plain-etcd.ts';
import { type Gate, startGate } from '../workflows/gate.ts';
import { until } from './hold.ts';
import { backUp } from './runs.ts';
import { manyKeys } from './trees.ts';
import { startWorld, type World } from './world.ts';

/** A worker is killed with two drills: one has a Consul of its own, one is writing into another cluster. */
let etcd: EtcdServer;
let gate: Gate;
let world: World;
beforeAll(async () => {
  etcd = await startEtcd();
  gate = await startGate(etcd.address);
  const scratch = { job: 'scratch', prefix: 'drills/' };
  world = await startWorld({
    tree: { prefix: '' },
    many: {
      prefix: 'many/',
      etcd: { endpoints: [etcd.address], mode: 'keys', prefix: 'many/' },
      drill: { scratch },
    },
    scratch: { prefix: '', etcd: { endpoints: [gate.address], mode: 'keys' } },
  });
});
afterAll(async () => {
  await world.stop();
  await gate.stop();
  await etcd.stop();
});

async function startDrill(job: string, store: StoreKind, id: string) {
  const { type, ...options } = startingDrill({ job, store }, id);
  return world.client.workflow.start(type, { ...options, args: [{ job, id }] });
}

test('nothing of them stays, and another worker ends both', async () => {
  process.env.PATH = await pathForDrills();
  const temporary = join(world.scratch, 'temporary');
  await mkdir(temporary);
  process.env.TMPDIR = temporary;
  await fillEtcd(etcd.address, manyKeys('many/', 10_000));
  await fillConsul(world.consul.address, [{ key: Buffer.from('app/one'), value: Buffer.from('1') }]);
  const before = await listEtcd(etcd.address);
  const worker = await world.startWorker();
  await backUp(world, 'many');
  await backUp(world, 'tree');

  gate.holdAfter(400_000);
  const id = '20261122T041500Z';
  const intoCluster = await startDrill('many', 'etcd', id);
  await gate.held();
  const own = async () =>
    (await listEtcd(etcd.address)).filter(({ key }) => key.toString().startsWith('drills/'));
  await until(async () => ((await own()).length > 0 ? true : undefined));
  const intoThrowaway = await startDrill('tree', 'consul', id);
  await until(async () => ((await readdir(temporary)).length > 0 ? true : undefined));
  await worker.kill();
  await until(async () => ((await readdir(temporary)).length === 0 ? true : undefined));
  gate.release();

  await world.startWorker();
  for (const handle of [intoCluster, intoThrowaway]) {
    expect(await handle.result()).toMatchObject({ outcome: 'proven', id });
  }
  expect(await own()).toEqual([]);
  expect(await listEtcd(etcd.address)).toEqual(before);
  expect(await readdir(temporary)).toEqual([]);
});
