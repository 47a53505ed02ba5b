import { randomBytes } from 'node:crypto';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { type FaultProxy, startFaultProxy } from '../storage/fault-proxy.ts';
import { fillConsul, listConsul } from '../stores/plain-consul.ts';
import { hold } from './hold.ts';
import { attemptsOf, backUp, reportOf, requestRestore, startBackup } from './runs.ts';
import { command, manifestOf } from './whole.ts';
import type { WorkerProcess } from './worker-process.ts';
import { startWorld, type World } from './world.ts';

/** Snapshots of a whole Consul, whose workers are killed while they take one, and while they restore one. */
let consul: ConsulServer;
let proxy: FaultProxy;
let world: World;
let worker: WorkerProcess;
beforeAll(async () => {
  consul = await startConsul();
  proxy = await startFaultProxy(consul.address);
  world = await startWorld({
    whole: {
      prefix: '',
      consul: { address: proxy.address, mode: 'snapshot' },
      encrypt: { allow_plaintext: true },
    },
  });
  worker = await world.startWorker();
});
afterAll(async () => {
  await world.stop();
  await proxy.close();
  await consul.stop();
});

const plain = async () =>
  (await listConsul(consul.address)).map(({ key, value, flags }) => ({ key, value, flags }));

const set = (keys: Readonly<Record<string, string>>) =>
  fillConsul(
    consul.address,
    Object.entries(keys).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
  );

test.each([
  ['before Consul has the snapshot', { method: 'PUT', path: /^\/v1\/snapshot/, times: 1 }],
  // The plan and the safety backup read one each; the third is of the proof.
  ['while it is proven', { method: 'GET', path: /^\/v1\/snapshot/, skip: 2, times: 1 }],
])('killed %s: another worker ends the restore', async (when, rule) => {
  await set({ 'app/one': '1', 'app/two': '2' });
  const wanted = await plain();
  const { id } = await backUp(world, 'whole');
  await set({ 'app/one': 'spoilt', 'app/new': 'new' });
  const moment = hold(proxy, rule);
  await requestRestore(world, 'whole', { backup: id, whole: true, approved: true, requestId: when });
  await moment.reached;
  await worker.kill();
  moment.release();
  proxy.heal();
  worker = await world.startWorker();
  expect(await reportOf(world, 'whole', when)).toMatchObject({
    outcome: 'restored',
    backup: id,
    proof: { differing: 0 },
  });
  expect(await plain()).toEqual(wanted);
});

test('a stored byte that is another is refused and named, and nothing is restored from it', async () => {
  const { id } = await backUp(world, 'whole');
  const key = `whole/${id}/consul.snap.zst`;
  const stored = await world.bucket.read(key);
  const before = await plain();
  for (const at of [0, 100, Math.floor(stored.length / 2), stored.length - 1]) {
    const damaged = Buffer.from(stored);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);
    await world.bucket.write(key, damaged);
    expect({ at, ...(await command(world, 'verify', 'whole', id)) }).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining(`s3://backups/${key}`) as unknown,
    });
  }
  const restored = await command(world, 'restore', 'whole', id, '--whole', '--direct', '--yes');
  expect(restored).toMatchObject({ exit: 3, stderr: expect.stringContaining('ArchiveCorrupt') as unknown });
  expect(await plain()).toEqual(before);
});

test('killed while a snapshot is uploaded: the next attempt takes it anew, and nothing of the first stays', async () => {
  const heavy = Array.from({ length: 60 }, (_, n) => ({
    key: Buffer.from(`heavy/${n}`),
    value: randomBytes(380_000),
  }));
  await fillConsul(consul.address, heavy);
  const part = hold(world.s3Proxy, { method: 'PUT', path: /\/whole\/.*partNumber=2/, times: 1 });
  const run = await startBackup(world, 'whole');
  await part.reached;
  await worker.kill();
  part.release();
  worker = await world.startWorker();
  const { id } = await run.result();
  expect(await attemptsOf(run)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  expect(await world.bucket.uploads('whole/')).toEqual([]);
  expect(await world.bucket.keys(`whole/${id}/`)).toEqual([
    `whole/${id}/consul.snap.zst`,
    `whole/${id}/manifest.json`,
  ]);
  expect(await manifestOf(world, 'whole', id)).toMatchObject({
    content: { records: 62 },
    checks: [{ name: 'SHA256SUMS', outcome: 'equal' }],
  });
});
