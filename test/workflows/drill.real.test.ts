import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { chooseBackup } from '../../activities/drill/choose-backup.ts';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathForDrills } from '../../services/on-path.ts';
import { readManifest } from '../../storage/catalog.ts';
import { encodeManifest } from '../../storage/manifest.ts';
import { listDrills, readDrill } from '../../storage/drills.ts';
import { manifestName } from '../../storage/layout.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import { type DrillInput, type DrillResult, drillResultIn } from '../../workflows/contract/drill.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingBackup, startingDrill } from '../../workflows/contract/starting.ts';
import { listConsul } from '../stores/plain-consul.ts';
import { listEtcd, putTogether } from '../stores/plain-etcd.ts';
import { keepHistory } from './keep-history.ts';
import { change, type Rig, startRig } from './rig.ts';

/** Drills of Consul and etcd, on real servers: the live ones, and those that a drill starts. */
let etcd: EtcdServer;
let rig: Rig;
const pathBefore = process.env.PATH;
beforeAll(async () => {
  process.env.PATH = await pathForDrills();
  etcd = await startEtcd();
  const scratch = { job: 'app', prefix: 'holdfast-drill/' };
  rig = await startRig({
    app: { prefix: 'app/' },
    apart: { prefix: 'app/', drill: { scratch } },
    'etcd-keys': { prefix: '', etcd: { endpoints: [etcd.address], mode: 'keys' } },
    'etcd-whole': { prefix: '', etcd: { endpoints: [etcd.address] } },
    fresh: { prefix: 'app/', drill: { backup: 'random' } },
  });
  await change(rig, { 'app/one': '1', 'app/two': 'zwei', 'app/folder/': '', 'other/kept': 'live' });
  await putTogether(etcd.address, [
    { key: 'k/one', value: '1' },
    { key: 'k/two', value: Buffer.from([0, 255]) },
  ]);
});
afterAll(async () => {
  process.env.PATH = pathBefore;
  await rig.stop();
  await etcd.stop();
});

const { signal } = new AbortController();
const silent = { info: () => undefined, warn: () => undefined };
/** Ids have whole seconds, and an id that was used already is answered with what was done under it: each is a new one. */
let latest = Date.now() - 600_000;
const idOf = (hoursAgo: number) => backupId(new Date((latest += 1000) - hoursAgo * 3_600_000));

async function backUp(job: string, id = idOf(1)): Promise<string> {
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  const args = [{ job, id, reason: 'manual' }];
  const result = (await rig.client.workflow.execute(type, { ...options, args })) as BackupResult;
  return result.id;
}

async function start(input: Omit<DrillInput, 'id'> & { readonly id?: string }): Promise<WorkflowHandle> {
  const { id = idOf(0) } = input;
  const { type, ...options } = startingDrill({ job: input.job, store: 'consul' }, id);
  return rig.client.workflow.start(type, { ...options, args: [{ ...input, id }] });
}

async function drill(input: Omit<DrillInput, 'id'> & { readonly id?: string }): Promise<DrillResult> {
  const handle = await start(input);
  return (await handle.result()) as DrillResult;
}

async function failing(handle: WorkflowHandle): Promise<DrillResult> {
  const error: unknown = await handle.result().catch((failure: unknown) => failure);
  if (!(error instanceof WorkflowFailedError) || !error.cause || !('details' in error.cause)) throw error;
  const result = drillResultIn(error.cause.details as unknown[]);
  if (result === undefined) throw error;
  return result;
}

async function evidenceOf(result: DrillResult) {
  const place = (await listDrills(rig.storage, result.job)).find(({ id }) => id === result.id);
  if (place === undefined) throw new Error('no evidence');
  return readDrill(rig.storage, place);
}

/** Directories of servers and files that this worker made for drills. */
async function leftOnDisk(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
}

const plansLeft = (names: readonly string[]) => names.filter((name) => name.includes('/restores/'));

test('keys of Consul come back in a throwaway Consul: compared, measured, recorded, and nothing is left', async () => {
  const backup = await backUp('app');
  const live = await listConsul(rig.consul.address);
  const handle = await start({ job: 'app' });
  const result = (await handle.result()) as DrillResult;
  expect(result).toMatchObject({
    ...{ outcome: 'proven', store: 'consul', asked: 'latest', backup, records: 3, reason: 'manual' },
    scratch: { kind: 'throwaway', program: 'consul', version: '1.22.5' },
  });
  const { content } = await readManifest(rig.storage, 'app', backup);
  expect(result.comparisons).toEqual([
    { what: 'keys written', outcome: 'equal', expected: '3', found: '3' },
    { what: 'keys that differ', outcome: 'equal', expected: '0', found: '0' },
    { what: 'keys', outcome: 'equal', expected: '3', found: '3' },
    { what: 'bytes', outcome: 'equal', expected: String(content.bytes), found: String(content.bytes) },
    { what: 'content digest', outcome: 'equal', expected: content.digest, found: content.digest },
  ]);
  expect(result.steps.map(({ step }) => step)).toEqual(['clean', 'start', 'plan', 'restore', 'prove']);
  const ofRestore = result.steps.filter(({ step }) => ['plan', 'restore', 'prove'].includes(step));
  expect(result.rtoMilliseconds).toBe(ofRestore.reduce((sum, { milliseconds }) => sum + milliseconds, 0));

  expect(result.evidence).toMatch(new RegExp(`/app/${backup}/drills/${result.id}\\.json$`));
  const { evidence, ...facts } = result;
  expect(evidence).toBeDefined();
  expect(await evidenceOf(result)).toMatchObject({ ...facts, madeBy: { workflowId: handle.workflowId } });
  expect(await listConsul(rig.consul.address)).toEqual(live);
  expect(plansLeft(await rig.stored('app'))).toEqual([]);
  expect(await leftOnDisk()).toEqual([]);
  await keepHistory(handle, 'drill');
});

test('keys are restored under a prefix of their own where the job says so, and gone afterwards', async () => {
  const backup = await backUp('apart');
  const live = await listConsul(rig.consul.address);
  const result = await drill({ job: 'apart', backup });
  expect(result).toMatchObject({
    outcome: 'proven',
    asked: backup,
    scratch: { kind: 'prefix', job: 'app', prefix: `holdfast-drill/apart/${result.id}/` },
  });
  expect(result.comparisons.map(({ outcome }) => outcome)).toEqual(Array(5).fill('equal'));
  expect(await listConsul(rig.consul.address)).toEqual(live);
  expect(plansLeft(await rig.stored('apart'))).toEqual([]);
});

test('what a drill left that was terminated long ago, the next one removes; what a living one has, it leaves', async () => {
  await backUp('apart');
  const long = idOf(24 * 7);
  const now = idOf(0);
  await change(rig, {
    [`holdfast-drill/apart/${long}/app/one`]: 'left',
    [`holdfast-drill/apart/${now}/app/one`]: 'at work',
    'holdfast-drill/other/app/one': 'of another job',
  });
  await rig.storage.putOnce(`apart/restores/drill-${long}/plan.ndjson.zst`, Buffer.from('left'));
  await drill({ job: 'apart' });
  const scratch = (await listConsul(rig.consul.address)).filter(({ key }) =>
    key.startsWith('holdfast-drill/'),
  );
  expect(scratch.map(({ key }) => key)).toEqual([
    `holdfast-drill/apart/${now}/app/one`,
    'holdfast-drill/other/app/one',
  ]);
  expect(plansLeft(await rig.stored('apart'))).toEqual([]);
  await change(rig, { [`holdfast-drill/apart/${now}/app/one`]: null, 'holdfast-drill/other/app/one': null });
});

test('keys of etcd come back in a throwaway etcd', async () => {
  const backup = await backUp('etcd-keys');
  const live = await listEtcd(etcd.address);
  const result = await drill({ job: 'etcd-keys' });
  expect(result).toMatchObject({
    ...{ outcome: 'proven', store: 'etcd', backup, records: 2 },
    scratch: { kind: 'throwaway', program: 'etcd' },
  });
  expect(result.comparisons.map(({ what, outcome }) => `${what} ${outcome}`)).toContain(
    'content digest equal',
  );
  expect(await listEtcd(etcd.address)).toEqual(live);
  expect(await leftOnDisk()).toEqual([]);
});

test('a snapshot of etcd comes back as a cluster is restored from it, with the hash of its keys', async () => {
  const backup = await backUp('etcd-whole');
  const { keyspace } = await readManifest(rig.storage, 'etcd-whole', backup);
  const result = await drill({ job: 'etcd-whole' });
  expect(result).toMatchObject({ outcome: 'proven', backup, records: 2, scratch: { program: 'etcd' } });
  expect(result.comparisons).toContainEqual(
    expect.objectContaining({ what: 'HashKV', outcome: 'equal', found: keyspace?.hash }),
  );
  expect(result.steps.map(({ step }) => step)).toEqual(['clean', 'start', 'fetch', 'restore', 'prove']);
  expect(await leftOnDisk()).toEqual([]);
});

test('a backup that is not what its manifest says fails the drill, says what differs, and leaves evidence of that', async () => {
  const backup = await backUp('etcd-whole');
  const manifest = await readManifest(rig.storage, 'etcd-whole', backup);
  const name = manifestName('etcd-whole', backup);
  await rig.storage.remove([name]);
  const content = { ...manifest.content, records: 3 };
  await rig.storage.putOnce(name, encodeManifest({ ...manifest, content }));
  const handle = await start({ job: 'etcd-whole', backup });
  const result = await failing(handle);
  expect(result).toMatchObject({
    outcome: 'failed',
    failure: { code: 'DrillUnproven' },
  });
  expect(result.failure?.message).toContain('keys: 2, not 3');
  expect(await evidenceOf(result)).toMatchObject({ outcome: 'failed', failure: { code: 'DrillUnproven' } });
  await keepHistory(handle, 'drill-failed');
});

test('a drawn backup is an older one, the same for the same drill, and all have their turn', async () => {
  const ids = [];
  for (const hours of [9, 8, 7, 6]) {
    await change(rig, { 'app/hour': String(hours) });
    ids.push(await backUp('fresh', idOf(hours)));
  }
  const drawn = new Set<string | undefined>();
  const first = idOf(3);
  const { backup } = await drill({ job: 'fresh', id: first });
  drawn.add(backup);
  for (let n = 0; drawn.size < 3 && n < 40; n++) drawn.add(await choose(idOf(2)));
  expect([...drawn].sort()).toEqual(ids.slice(0, 3));
  expect(await choose(first)).toBe(backup);
});

async function choose(id: string): Promise<string> {
  const step = { config: rig.config, signal, onProgress: () => undefined, log: silent };
  return (await chooseBackup(step, { job: 'fresh', id })).backup;
}

test('without the program and without another place, it says what to do', async () => {
  await backUp('app');
  process.env.PATH = '/nowhere';
  try {
    const result = await failing(await start({ job: 'app' }));
    expect(result.failure?.code).toBe('ProgramMissing');
    expect(result.failure?.message).toMatch(/`consul` is needed .* under `drill` of job app\.$/);
    expect(result.evidence).toBeDefined();
  } finally {
    process.env.PATH = await pathForDrills();
  }
});
