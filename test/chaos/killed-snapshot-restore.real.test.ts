import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathWithEtcd } from '../../services/on-path.ts';
import { fillEtcd, listEtcd } from '../stores/plain-etcd.ts';
import { type Gate, startGate } from '../workflows/gate.ts';
import { until } from './hold.ts';
import { backUp, reportOf, requestRestore } from './runs.ts';
import { manyKeys } from './trees.ts';
import { startWorld, type World } from './world.ts';

/** The keys of a snapshot are being written into a living etcd when the worker is killed. */
let etcd: EtcdServer;
let gate: Gate;
let world: World;
beforeAll(async () => {
  etcd = await startEtcd();
  gate = await startGate(etcd.address);
  world = await startWorld({ snapshots: { prefix: '', etcd: { endpoints: [gate.address] } } });
});
afterAll(async () => {
  await world.stop();
  await gate.stop();
  await etcd.stop();
});

test('nothing of its own etcd stays, and another worker ends the restore', async () => {
  process.env.PATH = await pathWithEtcd();
  const temporary = join(world.scratch, 'temporary');
  await mkdir(temporary);
  process.env.TMPDIR = temporary;
  await fillEtcd(etcd.address, manyKeys('many/'));
  const before = await listEtcd(etcd.address);
  const worker = await world.startWorker();
  const { id } = await backUp(world, 'snapshots');
  await etcd.ctl('del', '--prefix', 'many/');

  gate.holdAfter(60_000);
  await requestRestore(world, 'snapshots', { mode: 'mirror', approved: true, requestId: 'killed' });
  await gate.held();
  const written = await until(async () => {
    const { length } = await listEtcd(etcd.address);
    return length > 0 ? length : undefined;
  });
  expect(written).toBeLessThan(before.length);
  expect((await readdir(temporary)).join()).toContain('holdfast-throwaway-');
  await worker.kill();
  await until(async () => ((await readdir(temporary)).length === 0 ? true : undefined));
  gate.release();

  await world.startWorker();
  expect(await reportOf(world, 'snapshots', 'killed')).toMatchObject({
    outcome: 'restored',
    backup: id,
    applied: { changed: 0, removed: 0, conflicts: 0 },
    proof: { compared: before.length, differing: 0 },
  });
  const plain = (keys: typeof before) =>
    keys.map(({ key, value }) => `${key.toString()} ${value.toString()}`);
  expect(plain(await listEtcd(etcd.address))).toEqual(plain(before));
  expect(await readdir(temporary)).toEqual([]);
});
