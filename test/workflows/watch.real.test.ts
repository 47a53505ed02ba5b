import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { planReconciliation, reconcile } from '../../client/schedules/reconcile.ts';
import { ensureWatch, readWatch, readWatchProblems } from '../../client/watch.ts';
import { setMark } from '../../storage/marks.ts';
import type { TestedChannel } from '../../workflows/contract/alarms.ts';
import {
  backupId,
  backupScheduleId,
  restoreWorkflowId,
  watchWorkflowId,
} from '../../workflows/contract/names.ts';
import { startingBackup } from '../../workflows/contract/starting.ts';
import {
  type HttpEndpoint,
  type SmtpEndpoint,
  startHttpEndpoint,
  startSmtpEndpoint,
} from '../alarms/endpoints.ts';
import { holdfast as run, type Ran } from '../client/fake-io.ts';
import { currentDetails } from './current-details.ts';
import { keepHistory } from './keep-history.ts';
import { change, type Rig, startRig } from './rig.ts';
import { runsThatHold } from './runs-that-hold.ts';

/** Each alarm fires and clears, on a real Temporal, Consul and S3, by channels that really send. */
let rig: Rig;
let http: HttpEndpoint;
let broken: HttpEndpoint;
let smtp: SmtpEndpoint;
let scratch: string;
let configFile: string;

const hookToken = 'hook-token-that-no-history-may-hold';
const mailPassword = 'mail-password-that-no-history-may-hold';

beforeAll(async () => {
  [http, broken] = await Promise.all([startHttpEndpoint(), startHttpEndpoint()]);
  smtp = await startSmtpEndpoint('holdfast', mailPassword);
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-watch-'));
  const rarely = '15 4 1 1 *';
  const more = {
    worker: { commands: true },
    alarms: {
      hook: {
        webhook: {
          url: `${http.address}/hook/${hookToken}`,
          headers: { authorization: `Bearer ${hookToken}` },
        },
        level: 'info',
      },
      mail: {
        email: {
          smtp: `smtp://127.0.0.1:${smtp.port}`,
          ...{ user: 'holdfast', password: mailPassword, from: 'h@example.com', to: ['ops@example.com'] },
        },
        level: 'critical',
        jobs: ['failing'],
      },
      pager: {
        command: { argv: ['/bin/sh', '-c', `echo "$HOLDFAST_ALARM_TITLE" >> ${scratch}/paged`] },
        level: 'critical',
        jobs: ['failing'],
      },
      switch: { ping: { url: `${http.address}/ping/{job}`, failure_url: `${http.address}/ping/{job}/fail` } },
      team: { slack: { url: `${broken.address}/services/${hookToken}` }, jobs: ['fragile'] },
    },
  };
  rig = await startRig(
    {
      failing: { prefix: 'failing/' },
      shrinking: { prefix: 'shrinking/' },
      timed: { prefix: 'timed/', schedule: rarely },
      old: { prefix: 'old/', stale_after: '5s' },
      restored: { prefix: 'restored/' },
      slow: { prefix: 'slow/', schedule: '*/10 * * * * *' },
      fragile: { prefix: 'fragile/' },
    },
    {},
    { settings: more, pace: { glance: 500, look: 2000 } },
  );
  configFile = join(scratch, 'holdfast.yaml');
  const temporal = { address: rig.temporal.address };
  await writeFile(configFile, JSON.stringify({ temporal, ...rig.settings, ...more }));
  await start();
  // Until it is wanted.
  await rig.client.schedule.getHandle(backupScheduleId('slow')).pause('not yet');
});
afterAll(async () => {
  await rig.stop();
  await Promise.all([http.stop(), broken.stop(), smtp.stop()]);
  await rm(scratch, { recursive: true });
});

/** As `holdfast start-schedule` does. */
async function start(): Promise<void> {
  await reconcile(rig.client, rig.config, await planReconciliation(rig.client, rig.config), false);
}

/** What the webhook heard of a job: `fired failed`. */
function heard(job: string): readonly string[] {
  return http.heard
    .filter(({ path }) => path.startsWith('/hook/'))
    .map(({ body }) => JSON.parse(body) as { event: string; job: string; problem: string })
    .filter((notice) => notice.job === job)
    .map(({ event, problem }) => `${event} ${problem}`);
}

const pings = (job: string): readonly string[] =>
  http.heard.map(({ path }) => path).filter((path) => path.startsWith(`/ping/${job}`));

async function until(condition: () => boolean | Promise<boolean>, what: () => unknown): Promise<void> {
  for (const end = Date.now() + 120_000; !(await condition());) {
    if (Date.now() > end) throw new Error(`it did not come true: ${JSON.stringify(what())}`);
    await sleep(200);
  }
}

const tells = (job: string, ...wanted: readonly string[]): Promise<void> =>
  until(
    () => wanted.every((text) => heard(job).filter((found) => found === text).length >= count(wanted, text)),
    () => heard(job),
  );

const count = (texts: readonly string[], text: string): number =>
  texts.filter((other) => other === text).length;

let latest = 0;

async function backUp(job: string): Promise<string> {
  latest = Math.max(Date.now(), latest + 1000);
  const id = backupId(new Date(latest));
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

const holdfast = (...args: readonly string[]): Promise<Ran> =>
  run(args, { env: { HOLDFAST_CONFIG: configFile, HOME: scratch } });

test('the watch is started with the schedules, and is one', async () => {
  await until(
    async () => (await readWatch(rig.client)).running,
    () => 'the watch',
  );
  expect(await ensureWatch(rig.client)).toBe(false);
  expect((await planReconciliation(rig.client, rig.config)).watch).toBe('keep');
  expect(await readWatchProblems(rig.client, rig.config)).toEqual([]);
});

test('a test message reaches every kind of channel, and what fails is told', async () => {
  const good = await holdfast('alarms', 'test', '--json');
  expect(good).toMatchObject({ exit: 0 });
  const { channels } = JSON.parse(good.text) as { channels: readonly TestedChannel[] };
  expect(channels).toEqual([
    { channel: 'hook', kind: 'webhook' },
    { channel: 'mail', kind: 'email' },
    { channel: 'pager', kind: 'command' },
    { channel: 'switch', kind: 'ping' },
    { channel: 'team', kind: 'slack' },
  ]);
  expect(smtp.heard.at(-1)?.text).toContain('Test of Holdfast');
  expect(await readFile(join(scratch, 'paged'), 'utf8')).toContain('Test of Holdfast');
  expect(broken.heard).toHaveLength(1);

  broken.answer = 404;
  const bad = await holdfast('alarms', 'test', 'team');
  expect(bad.exit).toBe(1);
  expect(bad.text).toMatch(/^team +slack +FAILED \(AlarmRefused\): Channel team: \S+ answers 404/m);
  expect(bad.text + bad.stderr).not.toContain(hookToken);
  broken.answer = 200;
  expect(await holdfast('alarms', 'test', 'nobody')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('Their channels: hook') as unknown,
  });
});

test('a failure is told once by each channel that wants it, and so is the recovery', async () => {
  await change(rig, { 'failing/key': null });
  await expect(backUp('failing')).rejects.toThrow();
  await tells('failing', 'fired failed');
  await until(
    () => pings('failing').includes('/ping/failing/fail'),
    () => pings('failing'),
  );
  await until(
    () => smtp.heard.some(({ text }) => text.includes('CRITICAL: failing: failed')),
    () => smtp.heard,
  );
  expect(await currentDetails(rig.client.workflow.getHandle(watchWorkflowId))).toContain('`failing`');

  // It fails again: no storm.
  await expect(backUp('failing')).rejects.toThrow();
  await until(
    () => pings('failing').length === 2,
    () => pings('failing'),
  );
  await change(rig, { 'failing/key': 'value' });
  await backUp('failing');
  await tells('failing', 'cleared failed', 'ended backup ended well');
  expect(heard('failing').filter((text) => text.includes('failed'))).toEqual([
    'fired failed',
    'cleared failed',
  ]);
  await until(
    () => pings('failing').includes('/ping/failing'),
    () => pings('failing'),
  );
  await until(
    async () => (await readFile(join(scratch, 'paged'), 'utf8')).includes('OK again: failing: failed'),
    () => 'the pager',
  );
  expect((await readFile(join(scratch, 'paged'), 'utf8')).match(/CRITICAL: failing: failed/g)).toHaveLength(
    1,
  );
});

test('a suspicious backup is alarmed until somebody trusts it', async () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`shrinking/${index}`, 'x']));
  await change(rig, many);
  await backUp('shrinking');
  await change(
    rig,
    Object.fromEntries(
      Object.keys(many)
        .slice(1)
        .map((key) => [key, null]),
    ),
  );
  const id = await backUp('shrinking');
  await tells('shrinking', 'fired suspicious');
  await setMark(rig.storage, { job: 'shrinking', id, mark: 'trusted' }, { by: 'tester' });
  await tells('shrinking', 'cleared suspicious');
  await keepHistory(rig.client.workflow.getHandle(watchWorkflowId), 'watch');
});

test('a schedule that is paused, or gone, is alarmed until it is as it should be', async () => {
  const handle = rig.client.schedule.getHandle(backupScheduleId('timed'));
  await handle.pause('moving house');
  await tells('timed', 'fired paused');
  await handle.unpause();
  await tells('timed', 'cleared paused');
  await handle.delete();
  await tells('timed', 'fired missing schedule');
  await start();
  await tells('timed', 'cleared missing schedule');
});

test('a job without a good backup for longer than its stale_after is alarmed until there is one', async () => {
  await change(rig, { 'old/key': 'value' });
  await tells('old', 'fired stale');
  await backUp('old');
  await tells('old', 'cleared stale', 'fired stale', 'fired stale');
});

test('a restore that waits for its approval is told to whoever wants to hear all', async () => {
  await change(rig, { 'restored/key': 'value' });
  await backUp('restored');
  await change(rig, { 'restored/key': 'spoilt' });
  const desk = rig.client.workflow.getHandle(restoreWorkflowId('restored'));
  await desk.signal('requestRestore', { mode: 'overwrite' });
  await tells('restored', 'fired restore waits');
  await desk.signal('decline', { reason: 'a test' });
  await tells('restored', 'cleared restore waits');
});

test('runs that drop out while another one is at work are alarmed until two follow each other', async () => {
  await change(rig, { 'slow/key': 'value' });
  const handle = rig.client.schedule.getHandle(backupScheduleId('slow'));
  rig.consulGate.hold();
  await handle.unpause();
  await rig.consulGate.held();
  await until(
    async () => (await handle.describe()).info.numActionsSkippedOverlap >= 2,
    () => 'two skipped runs',
  );
  rig.consulGate.release();
  await tells('slow', 'fired dropped runs', 'cleared dropped runs');
  await handle.pause();
});

test('a channel that fails is told on another one, and shown; what it missed it hears when it is back', async () => {
  broken.answer = 404;
  await change(rig, { 'fragile/key': null });
  await expect(backUp('fragile')).rejects.toThrow();
  const told = (event: string) => () =>
    http.heard.some(({ body }) => body.includes(`"${event}"`) && body.includes('"channel team"'));
  await until(told('fired'), () => heard('fragile'));
  const [problem] = await readWatchProblems(rig.client, rig.config);
  expect(problem).toMatchObject({ kind: 'channel fails', channel: 'team' });
  expect(problem?.text).toContain('answers 404');
  const status = await holdfast('status');
  expect(status.exit).toBe(1);
  expect(status.stderr).toContain('The channel team has taken no messages');

  const before = broken.heard.length;
  broken.answer = 200;
  await until(told('cleared'), () => heard('fragile'));
  expect(broken.heard.slice(before).some(({ body }) => body.includes('CRITICAL: fragile: failed'))).toBe(
    true,
  );
  expect(await readWatchProblems(rig.client, rig.config)).toEqual([]);
});

test('it continues as new and knows what it knew', async () => {
  const handle = rig.client.workflow.getHandle(watchWorkflowId);
  const { runId } = await handle.describe();
  const before = heard('fragile');
  while ((await handle.describe()).historyLength < 500)
    await handle.executeUpdate('test', { args: [{ channel: 'hook' }] });
  await backUp('restored');
  await until(
    async () => (await handle.describe()).runId !== runId,
    () => 'the next run',
  );
  await tells('restored', 'ended backup ended well', 'ended backup ended well');
  expect(heard('fragile')).toEqual(before);
});

test('one that was terminated is a problem, and comes back', async () => {
  await rig.client.workflow.getHandle(watchWorkflowId).terminate('a test');
  expect(await readWatchProblems(rig.client, rig.config)).toMatchObject([{ kind: 'watch missing' }]);
  expect(await ensureWatch(rig.client)).toBe(true);
  await change(rig, { 'fragile/key': 'value' });
  // What it learns of first is what was before it.
  await until(
    async () => (await currentDetails(rig.client.workflow.getHandle(watchWorkflowId))).includes('`fragile`'),
    () => 'its first look',
  );
  await backUp('fragile');
  await tells('fragile', 'cleared failed');
});

test('no history holds what protects a channel', async () => {
  expect(await runsThatHold(rig, 'fired')).not.toEqual([]);
  expect(await runsThatHold(rig, hookToken)).toEqual([]);
  expect(await runsThatHold(rig, mailPassword)).toEqual([]);
});
