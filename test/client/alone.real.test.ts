import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interrupted } from '../../client/io.ts';
import { freePorts } from '../../services/ports.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { createDriver, type Driver } from './driving.ts';
import type { Ran } from './fake-io.ts';

/** Temporal without any worker, which also goes away and comes back. */
let folder: string;
let server: TemporalServer;
let restart: () => Promise<TemporalServer>;
let driver: Driver;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-alone-'));
  const [port = 0] = await freePorts(1);
  restart = () => startTemporal({ port, dbFile: join(folder, 'temporal.db') });
  server = await restart();
  driver = await createDriver(server.address, {
    plain: { schedule: { cron: '15 3 * * *', timezone: 'Europe/Berlin' } },
    bare: {},
  });
});

afterAll(async () => {
  await driver.cleanup();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function elsewhere(env: Record<string, string>): Promise<Ran> {
  const other = await createDriver(server.address, { plain: {} }, env);
  try {
    return await other.holdfast('status');
  } finally {
    await other.cleanup();
  }
}

test('where no Temporal answers, the message names the address and where it comes from', async () => {
  const [closed = 0] = await freePorts(1);
  const { exit, stderr } = await elsewhere({ TEMPORAL_ADDRESS: `127.0.0.1:${closed}` });
  expect(exit).toBe(1);
  expect(stderr).toContain(`No Temporal server answers at 127.0.0.1:${closed}`);
  expect(stderr).toContain('temporal.address in holdfast.yaml, TEMPORAL_ADDRESS, or the profile');
  expect(stderr).toContain('(TemporalUnreachable)');
});

test('a namespace that is not there is a mistake in the configuration', async () => {
  const { exit, stderr } = await elsewhere({ TEMPORAL_NAMESPACE: 'nowhere' });
  expect(exit).toBe(2);
  expect(stderr).toContain(`Temporal at ${server.address} has no namespace "nowhere"`);
  expect(stderr).toContain('(ConfigInvalid)');
});

test('a profile that is not there is named', async () => {
  const { exit, stderr } = await elsewhere({ TEMPORAL_PROFILE: 'prod' });
  expect(exit).toBe(2);
  expect(stderr).toContain("Profile 'prod' not found");
});

test('before anything is registered, a backup tells what to do', async () => {
  const { exit, stderr } = await driver.holdfast('backup', 'plain', '--no-wait');
  expect(exit).toBe(2);
  expect(stderr).toContain('Run `holdfast start-schedule`, or start a worker');
});

test('a decision on a job that nothing stands by for says so', async () => {
  const { exit, text, stderr } = await driver.holdfast('approve', 'plain', '0123456789ab');
  expect({ exit, text }).toEqual({ exit: 4, text: '' });
  expect(stderr).toContain('no restore workflow stands by for it');
});

test('start-schedule shows what it does, does it, and the next time nothing', async () => {
  const dry = await driver.holdfast('start-schedule', '--dry-run');
  expect(dry).toMatchObject({ exit: 0, stderr: 'Nothing was changed (--dry-run).\n' });
  const first = await driver.holdfast('start-schedule');
  expect(first.exit).toBe(0);
  expect(first.text).toBe(dry.text + first.text.slice(first.text.indexOf('Next runs')));
  expect(first.text).toMatch(
    /^\+ holdfast-backup-plain {2}create: 15 3 \* \* \* \(Europe\/Berlin\), every day at 03:15\n\+ restore-plain .*\n\+ restore-bare .*\nNext runs\n {2}plain {2}\d{4}-\d\d-\d\d 03:15:00 CES?T, /,
  );
  const second = await driver.holdfast('start-schedule', '--json');
  expect(JSON.parse(second.text)).toMatchObject({
    applied: true,
    removed: false,
    schedules: [{ id: 'holdfast-backup-plain', action: 'keep', paused: false }],
    restores: [{ action: 'keep' }, { action: 'keep' }],
  });
});

test('what belongs to a job that is gone is removed with --yes, or after a question', async () => {
  const other = await createDriver(server.address, { bare: {} });
  try {
    const unasked = await other.holdfast('start-schedule');
    expect(unasked.stderr).toContain('add --yes to remove');
    const asked = other.start({ terminal: true }, 'start-schedule');
    await asked.shows('Remove holdfast-backup-plain, restore-plain? [y/N]');
    asked.type('n');
    await asked.ended;
    expect((await driver.holdfast('start-schedule')).text).toContain('= holdfast-backup-plain');

    const agreed = await other.holdfast('start-schedule', '--yes');
    expect(agreed).toMatchObject({ exit: 0 });
    // Nobody can tell whether the restore workflow is idle, for there is no worker.
    expect(agreed.stderr).toContain('restore-plain was left alone');
    expect((await driver.holdfast('start-schedule')).text).toContain('+ holdfast-backup-plain');
  } finally {
    await other.cleanup();
  }
});

test('a decision that no worker takes says so', async () => {
  await driver.holdfast('start-schedule');
  const waiting = driver.start({}, 'decline', 'plain');
  await waiting.shows('No worker answers yet; the decision waits for one.');
  waiting.interrupt(new Interrupted(130));
  expect(await waiting.ended).toMatchObject({ exit: 130 });
});

test('without a worker, status and commands say so and keep waiting; also while Temporal is away', async () => {
  await driver.holdfast('start-schedule');
  const running = driver.start({ terminal: true }, 'backup', 'plain');
  await running.shows('No worker takes work from the task queue "holdfast" (NoWorker)');
  await server.kill();
  await running.shows('Temporal does not answer; still trying');
  server = await restart();

  const { text } = await driver.holdfast('status', 'plain');
  expect(text).toContain('no worker has taken its work from "holdfast" yet');
  expect(text).toContain('stands by, but no worker answers');
  running.interrupt(new Interrupted(130));
  expect(await running.ended).toMatchObject({ exit: 130 });
});
