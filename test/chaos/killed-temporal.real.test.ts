import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { hold, until } from './hold.ts';
import { attemptsOf, type BackupRun, startBackup } from './runs.ts';
import { plantMany } from './trees.ts';
import { expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** Temporal is killed while a worker is in the middle of two captures, and comes back with what it had stored. */
let world: World;
let early: BackupRun;
let late: BackupRun;
/** What the job that ended its capture without Temporal had stored before Temporal came back. */
let without: readonly string[];
let runsBefore: number;
let again: TemporalServer | undefined;

beforeAll(async () => {
  world = await startWorld({ early: { prefix: 'many/' }, late: { prefix: 'many/' } });
  const { temporal, s3Proxy, bucket, scratch } = world;
  await plantMany(world, 'many/');
  await world.startWorker();
  const earlyUpload = hold(s3Proxy, { method: 'PUT', path: /\/early\/.*records/, times: 1 });
  const lateUpload = hold(s3Proxy, { method: 'PUT', path: /\/late\/.*records/, times: 1 });
  early = await startBackup(world, 'early');
  late = await startBackup(world, 'late');
  await Promise.all([earlyUpload.reached, lateUpload.reached]);
  runsBefore = await countRuns();

  await temporal.kill();
  earlyUpload.release();
  without = await until(async () => {
    const keys = await bucket.keys('early/');
    return keys.length > 0 ? keys : undefined;
  });
  const port = Number(temporal.address.split(':')[1]);
  again = await startTemporal({ dbFile: `${scratch}/temporal.db`, port });
  lateUpload.release();
});
afterAll(async () => {
  await world.stop();
  await again?.stop();
});

async function countRuns(): Promise<number> {
  const { count } = await world.client.workflow.count();
  return count;
}

test('a capture that ended while Temporal was away goes on where it was', async () => {
  const { id } = await early.result();
  expect(without).toEqual([`early/${id}/records.ndjson.zst`]);
  expect(await attemptsOf(early)).toMatchObject({ capture: 1, verify: 1, publish: 1 });
  await expectOnly(world, 'early', [id]);
});

test('a capture that ended after Temporal came back does too', async () => {
  const { id } = await late.result();
  expect(await attemptsOf(late)).toMatchObject({ capture: 1, verify: 1, publish: 1 });
  await expectOnly(world, 'late', [id]);
});

test('no run is started twice', async () => {
  await Promise.all([early.result(), late.result()]);
  expect(runsBefore).toBe(2);
  expect(await countRuns()).toBe(2);
});
