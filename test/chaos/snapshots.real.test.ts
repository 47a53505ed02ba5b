import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathWithEtcd } from '../../services/on-path.ts';
import { fillEtcd, putTogether } from '../stores/plain-etcd.ts';
import { hashOfServer } from '../stores/etcd/snapshot-file.ts';
import { hold, until } from './hold.ts';
import { attemptsOf, backUp, type BackupRun, startBackup } from './runs.ts';
import { heavyKeys } from './trees.ts';
import { command, manifestOf } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** Snapshots of etcd, whose workers are killed in the middle, and whose stored bytes are damaged. */
let world: World;
let etcd: EtcdServer;
let small: EtcdServer;
let capturing: BackupRun;
let verifying: BackupRun;
/** What was there when the workers died: parts of an upload, and the files of a proof. */
let before: { readonly parts: unknown; readonly files: readonly string[] };

const filesOfProofs = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('holdfast-verify-')).sort();

beforeAll(async () => {
  process.env.PATH = await pathWithEtcd();
  [etcd, small] = await Promise.all([startEtcd(), startEtcd()]);
  const job = ({ address }: EtcdServer) => ({ prefix: '', etcd: { endpoints: [address] } });
  world = await startWorld({ capturing: job(etcd), verifying: job(etcd), small: job(small) });
  await fillEtcd(etcd.address, heavyKeys('heavy/'));
  await putTogether(small.address, [{ key: 'key', value: 'value' }]);

  const others = await filesOfProofs();
  const worker = await world.startWorker();
  const { s3Proxy, bucket } = world;
  const part = hold(s3Proxy, { method: 'PUT', path: /\/capturing\/.*partNumber=3/, times: 1 });
  // The first bytes of the file have come: the seek table and the start are read before.
  const rest = hold(s3Proxy, { method: 'GET', path: /\/verifying\/.*snapshot/, skip: 1, times: 1 });
  capturing = await startBackup(world, 'capturing');
  verifying = await startBackup(world, 'verifying');
  await Promise.all([part.reached, rest.reached]);
  const parts = await until(async () => {
    const found = await bucket.uploads('capturing/');
    return found[0]?.parts === 2 ? found : undefined;
  });
  before = { parts, files: (await filesOfProofs()).filter((name) => !others.includes(name)) };
  await worker.kill();
  part.release();
  rest.release();
  await world.startWorker();
});
afterAll(async () => {
  await world.stop();
  await Promise.all([etcd.stop(), small.stop()]);
});

/** Exactly this backup is there, and it is whole and proven. */
async function expectProven(job: string, id: string): Promise<void> {
  const { bucket } = world;
  expect(await bucket.uploads(`${job}/`)).toEqual([]);
  expect(await bucket.keys(`${job}/`)).toEqual([
    `${job}/${id}/manifest.json`,
    `${job}/${id}/snapshot.db.zst`,
  ]);
  const stored = await bucket.read(`${job}/${id}/snapshot.db.zst`);
  const storedSha256 = createHash('sha256').update(stored).digest('hex');
  expect(await manifestOf(world, job, id)).toMatchObject({
    content: { records: 50 },
    objects: [{ storedBytes: stored.length, storedSha256 }],
    keyspace: await hashOfServer(etcd),
    checks: [{ name: 'HashKV', outcome: 'equal' }],
  });
}

test('killed in the middle of a capture: the next attempt takes it anew, and nothing of the first stays', async () => {
  const { id } = await capturing.result();
  expect(before.parts).toEqual([{ key: `capturing/${id}/snapshot.db.zst`, parts: 2 }]);
  expect(await attemptsOf(capturing)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  await expectProven('capturing', id);
});

test('killed while it reads a snapshot back: its file is gone with it, and the next attempt proves it', async () => {
  const { id } = await verifying.result();
  expect(before.files).toHaveLength(1);
  expect(await attemptsOf(verifying)).toMatchObject({ capture: 1, verify: 2, publish: 1 });
  await expectProven('verifying', id);
  await until(async () => {
    const left = await filesOfProofs();
    return before.files.some((name) => left.includes(name)) ? undefined : true;
  });
});

test('a snapshot with any stored byte flipped is refused and named, and leaves no file', async () => {
  const { id } = await backUp(world, 'small');
  const key = `small/${id}/snapshot.db.zst`;
  const whole = await world.bucket.read(key);
  const verify = () => command(world, 'verify', 'small', id);
  const { exit, text } = await verify();
  expect({ exit, text }).toEqual({ exit: 0, text: expect.stringContaining('HashKV equal') as unknown });

  const step = Math.ceil(whole.length / 50);
  const places = Array.from({ length: Math.ceil(whole.length / step) }, (_, n) => n * step);
  for (const at of [...places, whole.length - 1]) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);
    await world.bucket.write(key, damaged);
    const found = await verify();
    expect({ at, ...found }).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining(`s3://backups/${key}`) as unknown,
    });
    expect(found.stderr).toContain('(ArchiveCorrupt)');
  }
  await world.bucket.write(key, whole);
  expect((await verify()).exit).toBe(0);
  // The command runs in this process.
  expect((await filesOfProofs()).filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
});
