import { hold } from './hold.ts';
import { attemptsOf, startBackup } from './runs.ts';
import { plantMany } from './trees.ts';
import { expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ stuck: { prefix: 'few/' } });
  await plantMany(world, 'few/', 100);
});
afterAll(() => world.stop());

test('a worker whose S3 hangs ends in time all the same, and another one goes on', async () => {
  const stuck = await world.startWorker();
  const upload = hold(world.s3Proxy, { method: 'PUT', path: /\/stuck\/.*records/, times: 1 });
  const run = await startBackup(world, 'stuck');
  await upload.reached;
  await world.startWorker();

  // A single PUT is not broken off: nobody could tell what became of it.
  expect(await stuck.terminate()).toBe(1);
  expect(stuck.log()).toContain('Stopped before all work had ended');
  upload.release();

  const { id } = await run.result();
  expect(await attemptsOf(run)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  await expectOnly(world, 'stuck', [id]);
});
