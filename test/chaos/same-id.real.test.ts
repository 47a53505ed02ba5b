import { nextSecond } from '../../services/next-second.ts';
import type { BackupInput, BackupResult } from '../../workflows/contract/backup.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { askConsul } from '../stores/plain-consul.ts';
import { hold } from './hold.ts';
import { backUp, failureOf, startBackup } from './runs.ts';
import { plantMany } from './trees.ts';
import { command, expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** Ids are to the second: what becomes of two backups that want the same one. */
let world: World;

beforeAll(async () => {
  const few = { prefix: 'few/' };
  world = await startWorld({
    ...{ together: few, again: few, crossing: few },
  });
  await plantMany(world, 'few/', 100);
  await world.startWorker();
});
afterAll(() => world.stop());

const changeStore = () => askConsul(world.consul.address, 'PUT', '/v1/kv/few/changed', String(Date.now()));

test('two that are asked for in the same second become two', async () => {
  // Not at the end of a second, or they would have different ones anyway.
  await nextSecond();
  const all = await Promise.all([1, 2].map(() => command(world, 'backup', 'together', '--json')));
  const results = all.map(({ exit, text, stderr }) => {
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    return JSON.parse(text) as BackupResult;
  });
  const [first = '', second = ''] = results.map(({ id }) => id).sort();
  expect(second > first).toBe(true);
  const keys = await world.bucket.keys('together/');
  expect(keys.filter((key) => key.endsWith('manifest.json'))).toHaveLength(2);
  for (const id of [first, second]) {
    expect(await command(world, 'verify', 'together', id)).toMatchObject({ exit: 0 });
  }
});

test('a run with the id of a published backup, when a clock was moved back, leaves that as it is', async () => {
  const time = new Date(Date.now() - 3_600_000);
  const { id } = await backUp(world, 'again', time);
  const keys = await world.bucket.keys('again/');
  const before = await Promise.all(keys.map((key) => world.bucket.read(key)));
  await changeStore();

  const handle = await start('again', 'by another name', backupId(time));
  expect(await failureOf(handle)).toMatchObject({ type: 'BackupExists' });
  expect(await world.bucket.keys('again/')).toEqual(keys);
  expect(await Promise.all(keys.map((key) => world.bucket.read(key)))).toEqual(before);
  await expectOnly(world, 'again', [id]);
});

test('two runs that cross with one id publish one backup at most, and that one is whole', async () => {
  const { s3Proxy } = world;
  const id = backupId(new Date());
  const readBack = hold(s3Proxy, { method: 'GET', path: /\/crossing\/.*records/, times: 1 });
  const first = await start('crossing', 'the first', id);
  await readBack.reached;
  // The second one finds what the first has stored, and takes it for what a dead attempt left.
  await changeStore();
  const second = await start('crossing', 'the second', id);
  const { content } = await second.result();
  readBack.release();

  expect(await failureOf(first)).toMatchObject({ type: 'VerifyFailed' });
  expect(content.records).toBe(101);
  await expectOnly(world, 'crossing', [id]);
});

function start(job: string, workflowId: string, id: string) {
  return world.client.workflow.start<(input: BackupInput) => Promise<BackupResult>>('backup', {
    taskQueue: 'holdfast',
    workflowId,
    args: [{ job, id }],
  });
}

test('the very same run is not started twice', async () => {
  const time = new Date();
  const run = await startBackup(world, 'together', time);
  await expect(startBackup(world, 'together', time)).rejects.toThrow('Workflow execution already started');
  await run.result();
});
