import { problemsOf } from '../../../client/health.ts';
import { planReconciliation, reconcile } from '../../../client/schedules/reconcile.ts';
import { readJobStatus } from '../../../client/status.ts';
import { freePorts } from '../../../services/ports.ts';
import type { GoCronOverview, GoCronStatus } from '../../../worker/status/go-cron.ts';
import { backupScheduleId } from '../../../workflows/contract/names.ts';
import { hold, until } from '../../chaos/hold.ts';
import { backUp, startBackup } from '../../chaos/runs.ts';
import type { WorkerProcess } from '../../chaos/worker-process.ts';
import { startWorld, type World } from '../../chaos/world.ts';
import { fillConsul, transactConsul } from '../../stores/plain-consul.ts';
import { schedule } from '../../client/settings.ts';

/** The status page of a worker as operators run it. */
let world: World;
let worker: WorkerProcess;
let address: string;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  address = `http://127.0.0.1:${port}`;
  world = await startWorld(
    { first: { prefix: 'first/' }, second: { prefix: 'second/' } },
    { status: { port } },
  );
  worker = await world.startWorker();
});
afterAll(() => world.stop());

interface Seen<Body> {
  readonly code: number;
  readonly body: Body;
}

async function ask<Body = GoCronStatus>(path: string): Promise<Seen<Body>> {
  const response = await fetch(`${address}${path}`);
  return { code: response.status, body: (await response.json()) as Body };
}

/** The page shows what Temporal knew a few seconds ago. */
async function shows(
  path: string,
  wanted: (seen: Seen<GoCronOverview>) => boolean,
): Promise<Seen<GoCronOverview>> {
  return until(async () => {
    const seen = await ask<GoCronOverview>(path);
    return wanted(seen) ? seen : undefined;
  });
}

const set = (key: string, value: string) =>
  fillConsul(world.consul.address, [{ key: Buffer.from(key), value: Buffer.from(value) }]);
const remove = (Key: string) => transactConsul(world.consul.address, [{ Verb: 'delete', Key }]);

test('42: before any run, 200 with a zero Last', async () => {
  const seen = await ask('/jobs/first');
  expect(seen).toMatchObject({ code: 200, body: { Running: {}, Healthy: true, Problems: [] } });
  expect(seen.body.Last).toEqual({
    ...{ Exit_status: 0, Stdout: '', Stderr: '', ExitTime: '', Pid: 0, StartingTime: '' },
  });
});

test('41: after a good run, 200 with its times and what it stored', async () => {
  await set('first/key', 'value');
  const { id, manifest } = await backUp(world, 'first');
  const { code, body } = await shows('/jobs/first', (seen) => seen.body.Last.Pid > 0);
  expect(code).toBe(200);
  expect(Object.keys(body).slice(0, 3)).toEqual(['Running', 'Last', 'Schedule']);
  expect(body.Last).toMatchObject({ Exit_status: 0, Stderr: '', Pid: expect.any(Number) as unknown });
  expect(body.Last.Stdout).toMatch(new RegExp(`^${id} verified: 1 record, .*\n${manifest}\n$`));
  expect(Date.parse(body.Last.ExitTime)).toBeGreaterThanOrEqual(Date.parse(body.Last.StartingTime));

  const { headers } = await fetch(address, { method: 'HEAD' });
  expect(headers.get('content-type')).toBe('application/json');
});

test('42, 45: a failed run is 503 and says why; the next good one is 200', async () => {
  await remove('first/key');
  await expect(backUp(world, 'first')).rejects.toThrow();
  const { body } = await shows('/jobs/first', ({ code }) => code === 503);
  expect(body.Last).toMatchObject({
    Exit_status: 1,
    Stderr: expect.stringMatching(/^StoreEmpty: /) as unknown,
  });
  expect(body.Problems).toMatchObject([{ Job: 'first', Problem: 'failed' }]);
  expect((await ask('/jobs/second')).code).toBe(200);
  const whole = await ask<GoCronOverview>('/');
  expect(whole).toMatchObject({ code: 503, body: { Job: 'first', Last: body.Last } });
  expect(Object.keys(whole.body.Jobs)).toEqual(['first', 'second']);

  await set('first/key', 'again');
  await backUp(world, 'first');
  await shows('/', ({ code }) => code === 200);
});

test('43: a run at work stands in Running, the one before it in Last', async () => {
  await set('first/key', 'third');
  const { body: before } = await ask('/jobs/first');
  const held = hold(world.consulProxy, { method: 'GET', path: /^\/v1\/kv/ });
  const run = await startBackup(world, 'first');
  await held.reached;
  const { body, code } = await shows('/jobs/first', (seen) =>
    Object.values(seen.body.Running).some(({ Stdout }) => Stdout.startsWith('connecting')),
  );
  expect(code).toBe(200);
  expect(body.Last).toEqual(before.Last);
  const [[pid, entry] = []] = Object.entries(body.Running);
  expect(entry).toMatchObject({
    Pid: Number(pid),
    ExitTime: '',
    StartingTime: expect.stringMatching(/Z$/) as unknown,
  });
  held.release();
  await run.result();
  const after = await shows('/jobs/first', (seen) => Object.keys(seen.body.Running).length === 0);
  expect(after.body.Last.Pid).toBe(Number(pid));
});

test('44: another worker, started later, shows the same', async () => {
  const { body: before } = await ask('/');
  expect(await worker.terminate()).toBe(0);
  worker = await world.startWorker();
  expect((await ask('/')).body).toEqual(before);
});

test('45: a paused schedule is 503, and so is one that is missing and a run that did not come', async () => {
  const first = world.config.jobs.get('first');
  if (first === undefined) throw new Error('it is there');
  const often = { ...first, schedule: schedule('*/2 * * * * *', { jitter: 0 }) };
  const config = { ...world.config, jobs: new Map([['first', often]]) };
  expect(problemsOf(often, await readJobStatus(world.client, 'first'), Date.now())).toMatchObject([
    { kind: 'missing schedule' },
  ]);
  await reconcile(world.client, config, await planReconciliation(world.client, config), false);
  const handle = world.client.schedule.getHandle(backupScheduleId('first'));
  await handle.pause('moving house');
  const { body, code } = await shows('/jobs/first', (seen) => seen.body.Problems.length > 0);
  expect(code).toBe(503);
  expect(body).toMatchObject({ Schedule: '*/2 * * * * *', Problems: [{ Problem: 'paused' }] });
  expect(body.Problems[0]?.Message).toContain('moving house');

  // It wants a run every two seconds, and none comes.
  const status = await until(async () => {
    const found = await readJobStatus(world.client, 'first');
    return found.due.length === 2 && found.running.length === 0 ? found : undefined;
  });
  const [due = new Date()] = status.due;
  expect(due.getTime() % 2000).toBe(0);
  expect(problemsOf(often, status, due.getTime() + 120_000)).toMatchObject([
    { kind: 'stale' },
    { kind: 'paused' },
  ]);
  await handle.delete();
});

test.each(['/', '/jobs/first'])('at %s a browser gets a page, which may load nothing', async (path) => {
  const response = await fetch(`${address}${path}`, {
    headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
  });
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(await response.text()).toContain('<th scope="row">');
});

test.each([
  ['GET', '/nothing', 404],
  ['GET', '/jobs/third', 404],
  ['GET', '/jobs/first/more', 404],
  ['GET', '/jobs/%E0%A4%A', 404],
  ['POST', '/', 405],
  ['DELETE', '/jobs/first', 405],
])('%s %s is %i, in JSON', async (method, path, code) => {
  const response = await fetch(`${address}${path}`, { method });
  expect(response.status).toBe(code);
  expect(await response.json()).toHaveProperty('error');
});

test('the health of the worker', async () => {
  expect(await ask('/healthz')).toEqual({
    code: 200,
    body: { ok: true, status: 'serving', queues: { holdfast: true, 'holdfast-data': true } },
  });
  expect((await ask('/readyz')).code).toBe(200);
});

test('a port that is taken does not keep a worker from its work; it takes the port over', async () => {
  const other = await world.startWorker();
  expect(other.log()).toContain(
    `The status page cannot listen on 127.0.0.1:${new URL(address).port} (EADDRINUSE)`,
  );
  await worker.kill();
  worker = other;
  await until(() => ask('/healthz').catch(() => undefined));
});

test('where Temporal does not answer it says so, and the process is alive', async () => {
  await world.temporal.stop();
  const { body } = await shows('/', ({ code }) => code === 503);
  expect(body.Problems).toMatchObject([{ Problem: 'Temporal does not answer' }]);
  expect(body.Problems[0]?.Message).toContain(world.temporal.address);
  expect((await ask('/jobs/first')).code).toBe(503);
  expect((await ask('/healthz')).code).toBe(200);
  expect((await ask('/readyz')).code).toBe(503);
});
