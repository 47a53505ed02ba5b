import { Client, Connection } from '@temporalio/client';
import type { Config } from '../../../config/config.ts';
import { registerSearchAttributes } from '../../../config/search-attributes.ts';
import { readSchedule } from '../../../client/schedules/live.ts';
import { planReconciliation, reconcile } from '../../../client/schedules/reconcile.ts';
import { planLines } from '../../../client/schedules/text.ts';
import { startTemporal, type TemporalServer } from '../../../services/temporal.ts';
import { configWith, schedule } from '../settings.ts';

let server: TemporalServer;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  server = await startTemporal();
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
  await registerSearchAttributes(connection, 'default');
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

async function apply(config: Config, removing = false): Promise<readonly string[]> {
  const plan = await planReconciliation(client, config);
  await reconcile(client, config, plan, removing);
  return planLines(plan);
}

async function linesAbout(id: string, config: Config): Promise<readonly string[]> {
  const { schedules, standbys } = await planReconciliation(client, config);
  const about = schedules.filter((step) => ('live' in step ? step.live.id : step.wanted.id) === id);
  return planLines({ schedules: about, standbys: standbys.filter((step) => step.id === id) });
}

test('a schedule applied twice is one, and unchanged the second time', async () => {
  const config = configWith({ twice: schedule('15 3 * * *') });
  expect(await apply(config)).toEqual([
    '+ holdfast-backup-twice  create: 15 3 * * * (Europe/Berlin), every day at 03:15',
    '+ restore-twice          start: it stands by for restore requests',
  ]);
  const created = await client.schedule.getHandle('holdfast-backup-twice').describe();

  expect(await apply(config)).toEqual([
    '= holdfast-backup-twice  unchanged: 15 3 * * *, every day at 03:15',
    '= restore-twice          unchanged: it stands by for restore requests',
  ]);
  const again = await client.schedule.getHandle('holdfast-backup-twice').describe();
  expect(again.info.createdAt).toEqual(created.info.createdAt);
  expect(again.info.lastUpdatedAt).toEqual(created.info.lastUpdatedAt);
});

test('the schedule has what the job says, and skips a run while another is at work', async () => {
  await apply(configWith({ whole: schedule('30 4 * * 1-5', { timezone: 'Asia/Tokyo', jitter: 0 }) }));
  const { policies, action, spec, info } = await client.schedule
    .getHandle('holdfast-backup-whole')
    .describe();
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: false });
  expect(action).toMatchObject({
    workflowType: 'backup',
    workflowId: 'backup-whole',
    taskQueue: 'holdfast',
    args: [{ job: 'whole' }],
    memo: { holdfastCron: '30 4 * * 1-5' },
    searchAttributes: { HoldfastJob: ['whole'], HoldfastStore: ['consul'] },
  });
  expect(spec.timezone).toBe('Asia/Tokyo');
  // The UI shows the cron text nowhere else.
  expect(spec.calendars?.map(({ comment }) => comment)).toEqual(['30 4 * * 1-5']);
  for (const time of info.nextActionTimes) expect(time.toISOString()).toMatch(/T19:30:00.000Z$/);
});

test.each(['@daily', '@hourly', '*/7 0-6,20 1,15 jan-jun mon', '0 0 29 2 *', '@every 6h', '0 3 1 * mon'])(
  'the cron text %s stays what it is',
  async (cron) => {
    const config = configWith({ cron: schedule(cron) });
    await apply(config);
    expect(await linesAbout('holdfast-backup-cron', config)).toEqual([
      expect.stringContaining(`= holdfast-backup-cron  unchanged: ${cron}, `),
    ]);
  },
);

test('a change shows what was and what will be, and is applied', async () => {
  await apply(configWith({ changed: schedule('0 1 * * *') }));
  const config = configWith({
    changed: schedule('0 2 * * *', { timezone: 'UTC', jitter: 0, catchup: 60_000 }),
  });
  expect(await linesAbout('holdfast-backup-changed', config)).toEqual([
    '~ holdfast-backup-changed  change',
    '    cron: 0 1 * * * → 0 2 * * *, every day at 02:00',
    '    time zone: Europe/Berlin → UTC',
    '    jitter: 1m → 0s',
    '    catch-up window: 1h → 1m',
  ]);
  await apply(config);
  const live = await readSchedule(client, 'holdfast-backup-changed');
  for (const time of live?.nextRuns ?? []) expect(time.toISOString()).toMatch(/T02:00:00.000Z$/);
  expect(live?.nextRuns.length).toBeGreaterThan(0);
  expect(await linesAbout('holdfast-backup-changed', config)).toEqual([
    '= holdfast-backup-changed  unchanged: 0 2 * * *, every day at 02:00',
  ]);
});

test('a pause that a person made survives a change, with its note', async () => {
  await apply(configWith({ paused: schedule('0 1 * * *') }));
  await client.schedule.getHandle('holdfast-backup-paused').pause('moving the datacenter');

  const config = configWith({ paused: schedule('0 2 * * *') });
  expect(await linesAbout('holdfast-backup-paused', config)).toContain(
    '~ holdfast-backup-paused  change, stays paused (moving the datacenter)',
  );
  await apply(config);
  expect(await readSchedule(client, 'holdfast-backup-paused')).toMatchObject({
    paused: true,
    note: 'moving the datacenter',
    fields: { cron: '0 2 * * *' },
  });
});

test('times that a person edited are seen, and set right', async () => {
  const config = configWith({ edited: schedule('0 1 * * *') });
  await apply(config);
  const handle = client.schedule.getHandle('holdfast-backup-edited');
  await handle.update((live) => ({ ...live, spec: { ...live.spec, calendars: [{ hour: 5 }] } }));

  expect(await linesAbout('holdfast-backup-edited', config)).toEqual([
    '~ holdfast-backup-edited  change',
    '    cron: edited by hand → 0 1 * * *, every day at 01:00',
  ]);
  await apply(config);
  const live = await readSchedule(client, 'holdfast-backup-edited');
  expect(live?.fields.cron).toBe('0 1 * * *');
});

test('schedules that are not its own are never touched, whatever their name', async () => {
  const action = { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs', args: [] } as const;
  const spec = { calendars: [{ hour: 7 }] };
  for (const scheduleId of ['holdfast-backup-foreign', 'holdfast-backup-gone', 'their-own']) {
    await client.schedule.create({ scheduleId, spec, action, memo: { owner: 'somebody' } });
  }
  const before = await Promise.all(
    ['holdfast-backup-foreign', 'holdfast-backup-gone', 'their-own'].map(readWhole),
  );

  const config = configWith({ foreign: schedule('0 1 * * *'), beside: schedule('0 1 * * *') });
  expect(await linesAbout('holdfast-backup-foreign', config)).toEqual([
    '! holdfast-backup-foreign  left alone: a schedule of that name exists, and Holdfast did not make it',
  ]);
  await expect(apply(config, true)).rejects.toMatchObject({ code: 'ScheduleForeign' });
  const after = await Promise.all(
    ['holdfast-backup-foreign', 'holdfast-backup-gone', 'their-own'].map(readWhole),
  );
  expect(after).toEqual(before);
  expect(await readSchedule(client, 'holdfast-backup-beside')).toMatchObject({ job: 'beside' });
});

test('a schedule whose job is gone is removed only when that is wanted', async () => {
  await apply(configWith({ staying: schedule('0 1 * * *'), leaving: schedule('0 1 * * *') }));
  const config = configWith({ staying: schedule('0 1 * * *') });
  await until(async () => (await linesAbout('holdfast-backup-leaving', config)).length === 1);
  expect(await linesAbout('holdfast-backup-leaving', config)).toEqual([
    '- holdfast-backup-leaving  remove: the configuration no longer schedules job leaving',
  ]);

  await apply(config, false);
  expect(await readSchedule(client, 'holdfast-backup-leaving')).toBeDefined();
  await apply(config, true);
  expect(await readSchedule(client, 'holdfast-backup-leaving')).toBeUndefined();
  expect(await readSchedule(client, 'holdfast-backup-staying')).toBeDefined();
});

test('a time zone that Temporal refuses is named with its job', async () => {
  const config = configWith({ wrong: schedule('0 1 * * *', { timezone: 'Mars/Base' }) });
  await expect(apply(config)).rejects.toThrow(
    'Temporal does not take the schedule of job "wrong" (0 1 * * *, Mars/Base): ',
  );
});

async function readWhole(id: string): Promise<unknown> {
  const { raw } = await client.schedule.getHandle(id).describe();
  return { schedule: raw.schedule, memo: raw.memo, updated: raw.info?.updateTime };
}

/** Temporal's list of schedules lags a little behind. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition());) {
    if (Date.now() > end) throw new Error('it did not come true in 20 s');
  }
}
