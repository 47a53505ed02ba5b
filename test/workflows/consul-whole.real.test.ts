import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { readEntry } from '../../storage/catalog.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreReport, RestoreRequest, RestoreStatus } from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { holdfast } from '../client/fake-io.ts';
import { type FaultProxy, startFaultProxy } from '../storage/fault-proxy.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { currentDetails } from './current-details.ts';
import { type Rig, startRig } from './rig.ts';

/** All of a Consul with ACLs on, replaced by a snapshot: planned, approved, proven. */
const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const bootstrap = '7b1253d2-1785-24fd-91c2-f8e78c745511';
let folder: string;
let consul: ConsulServer;
let fresh: ConsulServer;
let proxy: FaultProxy;
let rig: Rig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-whole-'));
  [consul, fresh] = await Promise.all([
    startConsul({ token: management }),
    startConsul({ token: bootstrap, datacenter: 'dc1' }),
  ]);
  proxy = await startFaultProxy(consul.address);
  const store = { token: management, mode: 'snapshot' };
  const encrypt = { allow_plaintext: true };
  rig = await startRig({
    whole: { prefix: '', consul: { ...store, address: proxy.address }, encrypt },
    fresh: { prefix: '', consul: { ...store, address: fresh.address, token: bootstrap }, encrypt },
    keys: { prefix: '', consul: { address: consul.address, token: management } },
  });
});
afterAll(async () => {
  await rig.stop();
  await proxy.close();
  await Promise.all([consul.stop(), fresh.stop()]);
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => proxy.heal());

async function backup(job: string): Promise<string> {
  // An id has whole seconds.
  await sleep(1_000);
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

let count = 0;
const standing = (job: string) => rig.client.workflow.getHandle(restoreWorkflowId(job));
async function request(job: string, wish: RestoreRequest): Promise<string> {
  const { type, ...options } = startingRestore({ job, store: 'consul' });
  const requestId = `request ${++count}`;
  await rig.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [{ ...wish, requestId }],
  });
  return requestId;
}

async function seen<Found>(job: string, look: (status: RestoreStatus) => Found | undefined): Promise<Found> {
  for (;;) {
    const found = look(await standing(job).query<RestoreStatus>('status'));
    if (found !== undefined) return found;
    await sleep(50);
  }
}

async function restore(job: string, wish: RestoreRequest): Promise<RestoreReport> {
  const requestId = await request(job, wish);
  return seen(job, ({ last }) => (last?.requestId === requestId ? last : undefined));
}

async function call(method: string, path: string, body?: object, { address } = consul, token = management) {
  const { status, text } = await askConsul(address, method, path, body && JSON.stringify(body), token);
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text) as unknown;
}

const set = async (keys: Readonly<Record<string, string>>): Promise<void> => {
  await fillConsul(
    consul.address,
    Object.entries(keys).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
    management,
  );
};

/** What people set in a Consul, by its HTTP interface. */
async function state(server: ConsulServer, token: string) {
  const names = (list: unknown, name: string) =>
    (list as readonly Record<string, unknown>[]).map((one) => String(one[name])).sort();
  const get = (path: string) => call('GET', path, undefined, server, token);
  return {
    keys: (await listConsul(server.address, token)).map(({ key, value, flags }) => ({ key, value, flags })),
    policies: names(await get('/v1/acl/policies'), 'Name'),
    tokens: names(await get('/v1/acl/tokens'), 'AccessorID'),
    defaults: names(await get('/v1/config/service-defaults'), 'Name'),
    queries: names(await get('/v1/query'), 'Name'),
  };
}

let id: string;
let wanted: Awaited<ReturnType<typeof state>>;
let tokenInBackup: string;

test('a plan says what would be lost, thing by thing; declined, it changes nothing', async () => {
  await set({ 'app/one': '1', 'app/two': '2' });
  await call('PUT', '/v1/acl/policy', { Name: 'kept', Rules: 'key_prefix "" { policy = "read" }' });
  const made = (await call('PUT', '/v1/acl/token', { Policies: [{ Name: 'kept' }] })) as {
    AccessorID: string;
  };
  tokenInBackup = made.AccessorID;
  await call('PUT', '/v1/config', { Kind: 'service-defaults', Name: 'web', Protocol: 'http' });
  await call('POST', '/v1/query', { Name: 'nearest', Service: { Service: 'web' } });
  id = await backup('whole');
  wanted = await state(consul, management);

  await set({ 'app/one': 'spoilt', 'app/new': 'new' });
  await call('DELETE', '/v1/kv/app/two');
  await call('DELETE', `/v1/acl/token/${tokenInBackup}`);
  await call('PUT', '/v1/acl/policy', { Name: 'lost', Rules: '' });
  await call('PUT', '/v1/config', { Kind: 'service-defaults', Name: 'web', Protocol: 'grpc' });
  const before = await state(consul, management);

  const requestId = await request('whole', { backup: id, whole: true });
  const plan = await seen('whole', ({ phase, plan }) =>
    phase === 'waiting for approval' ? plan : undefined,
  );
  expect(plan).toMatchObject({ add: 2, change: 2, remove: 2, refused: 0, mode: 'mirror' });
  const lines = plan.examples.map(({ op, kind = 'key', key = '' }) => `${op} ${kind} ${key}`);
  expect(lines.sort()).toEqual(
    [
      `add ACL tokens ${tokenInBackup}`,
      'add key app/two',
      'change config entries service-defaults/web',
      'change key app/one',
      'remove ACL policies lost',
      'remove key app/new',
    ].sort(),
  );
  expect(plan.whole?.counts).toEqual(
    expect.arrayContaining([
      { kind: 'keys', live: 2, backup: 2 },
      { kind: 'ACL policies', live: 4, backup: 3 },
      { kind: 'ACL tokens', live: 2, backup: 3 },
    ]),
  );
  expect(plan.whole?.warnings).toEqual([expect.stringContaining('no others')]);
  const details = await currentDetails(standing('whole'));
  expect(details).toContain('all of Consul is replaced');
  expect(details).toMatch(/ACL tokens 2 → 3/);

  await standing('whole').executeUpdate('decline', { args: [{ by: 'a test' }] });
  await seen('whole', ({ last }) => (last?.requestId === requestId ? last : undefined));
  expect(await state(consul, management)).toEqual(before);
});

test('approved: everything is as it was, proven; its safety backup is a snapshot, which undoes it', async () => {
  const before = await state(consul, management);
  const report = await restore('whole', { backup: id, whole: true, approved: true });
  expect(report).toMatchObject({
    outcome: 'restored',
    applied: { added: 2, changed: 2, removed: 2 },
    proof: { differing: 0 },
  });
  expect(await state(consul, management)).toEqual(wanted);
  expect(report.proof?.whole).toEqual(expect.arrayContaining([{ kind: 'ACL tokens', live: 3, backup: 3 }]));
  const safety = report.safetyBackup ?? '';
  expect(await readEntry(rig.storage, 'whole', safety)).toMatchObject({
    manifest: { reason: 'safety', objects: [{ format: 'consul.snap' }] },
  });
  expect(await restore('whole', { backup: id, whole: true, approved: true })).toMatchObject({
    outcome: 'nothing-to-do',
  });
  expect(await restore('whole', { backup: safety, whole: true, approved: true })).toMatchObject({
    outcome: 'restored',
  });
  expect(await state(consul, management)).toEqual(before);
});

test('what somebody writes before it is proven: not proven, and named', async () => {
  // Plan, safety backup, and then the proof.
  proxy.inject({
    ...{ method: 'GET', path: /^\/v1\/snapshot/, skip: 2, times: 1 },
    fault: { meanwhile: () => set({ 'app/one': 'written since' }) },
  });
  const report = await restore('whole', { backup: id, whole: true, approved: true });
  expect(report).toMatchObject({ outcome: 'failed', failure: { code: 'RestoreUnproven' } });
  expect(report.failure?.message).toContain('app/one (differs)');
});

test('an answer that is lost: another attempt finds it done, and does it no second time', async () => {
  await set({ 'app/one': 'spoilt again' });
  const lost = proxy.inject({ method: 'PUT', path: /^\/v1\/snapshot/, times: 1, fault: { lose: true } });
  const report = await restore('whole', { backup: id, whole: true, approved: true });
  expect(lost.hits).toBe(1);
  expect(
    proxy.requests.filter(({ method, path }) => method === 'PUT' && path.startsWith('/v1/snapshot')),
  ).toHaveLength(1);
  expect(report).toMatchObject({ outcome: 'restored', applied: { added: 0, already: 1 } });
});

test('a byte that is another when Consul gets it: it refuses the file, and another attempt restores it', async () => {
  await set({ 'app/one': 'spoilt once more' });
  const flipped = proxy.inject({ method: 'PUT', path: /^\/v1\/snapshot/, times: 1, fault: { flip: 1000 } });
  const report = await restore('whole', { backup: id, whole: true, approved: true });
  expect(flipped.hits).toBe(1);
  expect(report).toMatchObject({ outcome: 'restored', applied: { changed: 1 } });
  expect(await state(consul, management)).toEqual(wanted);
});

test('into a new Consul, whose own token ends with it: told beforehand, and proven by a token of the backup', async () => {
  const requestId = await request('whole', { backup: id, whole: true, toJob: 'fresh' });
  const plan = await seen('whole', ({ phase, plan }) =>
    phase === 'waiting for approval' ? plan : undefined,
  );
  expect(plan.whole?.warnings).toEqual([
    expect.stringContaining('no others'),
    expect.stringMatching(/The token of job fresh is not in the backup.*management token of the backup/),
  ]);
  await standing('whole').executeUpdate('approve', { args: [{ digest: plan.digest.slice(0, 12) }] });
  const report = await seen('whole', ({ last }) => (last?.requestId === requestId ? last : undefined));
  expect(report).toMatchObject({ outcome: 'restored', proof: { differing: 0 } });
  const there = await state(fresh, management);
  expect(there).toMatchObject({ keys: wanted.keys, policies: wanted.policies, queries: wanted.queries });
  expect(there.tokens).toEqual(expect.arrayContaining(wanted.tokens));
});

test('requests that make no sense are refused before anything is done', async () => {
  const keys = await backup('keys');
  for (const [job, wish, why] of [
    ['keys', { backup: keys }, 'is no snapshot of all of Consul'],
    ['whole', { backup: id, prefix: 'app/' }, 'prefix is for its keys'],
    ['whole', { backup: id, mode: 'mirror' }, 'mode is for its keys'],
    ['whole', { backup: id, toJob: 'nobody' }, 'no job "nobody"'],
  ] as const) {
    const report = await restore(job, { ...wish, whole: true, approved: true });
    expect(report).toMatchObject({
      outcome: 'failed',
      failure: { message: expect.stringContaining(why) as unknown },
    });
  }
});

test('without Temporal: `holdfast restore --whole --direct`', async () => {
  await set({ 'app/one': 'spoilt', 'app/new': 'new' });
  const file = join(folder, 'holdfast.yaml');
  const { jobs, ...settings } = rig.settings;
  await writeFile(
    file,
    JSON.stringify({ ...settings, jobs: { whole: (jobs as Record<string, object>)['whole'] } }),
  );
  const run = (...words: readonly string[]) =>
    holdfast(['restore', 'whole', id, '--whole', '--direct', ...words, '--config', file]);
  const planned = await run('--dry-run');
  expect(planned).toMatchObject({ exit: 0 });
  expect(planned.text).toContain('ALL of Consul is replaced');
  expect(planned.text).toMatch(/now, and after it: .*keys 3 → 2/);
  const done = await run('--yes');
  expect(done).toMatchObject({ exit: 0 });
  expect(done.text).toMatch(/proven: \d+ entries read back and compared, all equal/);
  expect((await state(consul, management)).keys).toEqual(wanted.keys);
});
