import { rm } from 'node:fs/promises';
import { hold } from './hold.ts';
import { attemptsOf, backUp, failureOf, startBackup } from './runs.ts';
import { plantHeavy, plantMany } from './trees.ts';
import { expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** S3 in all its moods, each towards one job, while a worker backs all of them up. */
let world: World;

beforeAll(async () => {
  const few = { prefix: 'few/' };
  world = await startWorld({
    ...{ denied: few, resetting: few, busy: few, cutting: few },
    truncating: { ...few, deadline: '10s' },
    vanishing: { prefix: 'heavy/', bucket: 'vanishing-bucket' },
  });
  await plantMany(world, 'few/', 100);
  await plantHeavy(world, 'heavy/');
  await Promise.all([world.startWorker(), world.startWorker()]);
});
afterAll(() => world.stop());

const answer = (status: number, code: string) => ({
  answer: status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`,
});

test.concurrent('6: that denies: the run fails at once, and says which bucket', async () => {
  const denials = world.s3Proxy.inject({ path: /denied/, fault: answer(403, 'AccessDenied') });
  const run = await startBackup(world, 'denied');
  const failure = await failureOf(run);
  expect(failure).toMatchObject({ type: 'StorageDenied' });
  expect(failure.message).toContain('s3://backups/denied/');
  expect(failure.message).toContain(world.s3Proxy.address);
  expect(await attemptsOf(run)).toMatchObject({ capture: 1 });
  // One from the capture, one from the attempt to tidy up.
  expect(denials.hits).toBeLessThanOrEqual(2);
});

test.concurrent('that resets connections: the run ends well', async () => {
  const resets = world.s3Proxy.inject({ path: /resetting/, times: 4, fault: { reset: true } });
  const { id } = await backUp(world, 'resetting');
  expect(resets.hits).toBe(4);
  await expectOnly(world, 'resetting', [id]);
});

test.concurrent('that is busy for a while: the run ends well', async () => {
  const slow = world.s3Proxy.inject({ path: /\/busy\//, times: 3, fault: answer(503, 'SlowDown') });
  // More than this request is repeated: the whole step is tried again.
  const listing = /list-type=2.*prefix=busy/;
  const broken = world.s3Proxy.inject({ path: listing, times: 6, fault: answer(500, 'InternalError') });
  const run = await startBackup(world, 'busy');
  const { id } = await run.result();
  expect([slow.hits, broken.hits]).toEqual([3, 6]);
  expect(await attemptsOf(run)).toMatchObject({ capture: 2 });
  await expectOnly(world, 'busy', [id]);
});

test.concurrent('that breaks off while the backup is read back: reading goes on there', async () => {
  const path = /\/cutting\/.*records/;
  const cuts = world.s3Proxy.inject({ method: 'GET', path, times: 3, fault: { truncate: 100 } });
  const run = await startBackup(world, 'cutting');
  const { id } = await run.result();
  expect(cuts.hits).toBe(3);
  expect(await attemptsOf(run)).toMatchObject({ verify: 1 });
  await expectOnly(world, 'cutting', [id]);
});

test.concurrent(
  'that never gives the whole back: nothing is published, and the run ends in time',
  async () => {
    const path = /\/truncating\/.*records/;
    const cuts = world.s3Proxy.inject({ method: 'GET', path, fault: { truncate: 0 } });
    const failure = await failureOf(await startBackup(world, 'truncating'));
    expect(failure).toMatchObject({ type: 'DeadlineExceeded' });
    expect(cuts.hits).toBeGreaterThan(1);
    await expectOnly(world, 'truncating', []);
  },
);

test.concurrent('whose bucket goes away in the middle: the run fails, and says which', async () => {
  const { s3Proxy, scratch } = world;
  const completion = hold(s3Proxy, { method: 'POST', path: /vanishing-bucket.*\?uploadId=/, times: 1 });
  const run = await startBackup(world, 'vanishing');
  await completion.reached;
  await rm(`${scratch}/s3/objects/vanishing-bucket`, { recursive: true });
  completion.release();
  const failure = await failureOf(run);
  expect(failure).toMatchObject({ type: 'StorageMisconfigured' });
  expect(failure.message).toContain('s3://vanishing-bucket/vanishing/');
  expect(failure.message).toContain('The bucket does not exist there.');
});
