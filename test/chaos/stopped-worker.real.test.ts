import { askConsul } from '../stores/plain-consul.ts';
import { hold } from './hold.ts';
import { attemptsOf, backUp, type BackupRun, reportOf, requestRestore, startBackup } from './runs.ts';
import { plantHeavy, plantMany } from './trees.ts';
import { expectOnly, keysUnder } from './whole.ts';
import { startWorld, type World } from './world.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that uploads and restores is told to stop (SIGTERM), while another one stands by. */
let world: World;
let capturing: BackupRun;
let before: { readonly restored: readonly object[]; readonly backup: string };
let stopped: WorkerProcess;
let exit: number | null;

beforeAll(async () => {
  world = await startWorld({ capturing: { prefix: 'heavy/' }, applying: { prefix: 'many/' } });
  const { consul, s3Proxy, consulProxy } = world;
  await plantHeavy(world, 'heavy/');
  await plantMany(world, 'many/');
  stopped = await world.startWorker();
  before = {
    restored: await keysUnder(world, 'many/'),
    backup: (await backUp(world, 'applying')).id,
  };
  await askConsul(consul.address, 'DELETE', '/v1/kv/many/?recurse');

  const lastPart = hold(s3Proxy, { method: 'PUT', path: /\/capturing\/.*partNumber=3/, times: 1 });
  const writes = hold(consulProxy, { method: 'PUT', path: /^\/v1\/txn/, skip: 5 });
  capturing = await startBackup(world, 'capturing');
  await requestRestore(world, 'applying', { mode: 'mirror', approved: true, requestId: 'stopped' });
  await Promise.all([lastPart.reached, writes.reached]);

  await world.startWorker();
  exit = await stopped.terminate();
  for (const { release } of [lastPart, writes]) release();
});
afterAll(() => world.stop());

test('61: it ends well, in time, and says why', () => {
  expect(exit).toBe(0);
  expect(stopped.log()).toContain('SIGTERM: stopping; running activities are finished or handed over');
  expect(stopped.log()).toMatch(/"msg":"Stopped"}\n$/);
  // Whatever hung was given up by the worker itself, and not cut off at the end of its time.
  expect(stopped.log()).not.toContain('GracefulShutdownPeriodExpiredError');
});

test('the other one makes the backup, and nothing of the first attempt stays', async () => {
  const { id } = await capturing.result();
  expect(await attemptsOf(capturing)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  await expectOnly(world, 'capturing', [id]);
});

test('the other one ends the restore', async () => {
  const report = await reportOf(world, 'applying', 'stopped');
  expect(report).toMatchObject({
    outcome: 'restored',
    applied: { changed: 0, removed: 0, conflicts: 0, refused: 0 },
    proof: { compared: before.restored.length, differing: 0 },
  });
  expect(report.applied?.added).toBeLessThan(before.restored.length);
  expect(await keysUnder(world, 'many/')).toEqual(before.restored);
  await expectOnly(world, 'applying', [before.backup, report.safetyBackup ?? '']);
});
