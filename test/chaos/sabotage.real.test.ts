import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { planReconciliation, reconcile } from '../../client/schedules/reconcile.ts';
import { run } from '../../services/cache/command.ts';
import { pathForDrills } from '../../services/on-path.ts';
import { type S3Server, startS3 } from '../../services/s3.ts';
import { listBackups, readEntry, readManifest } from '../../storage/catalog.ts';
import { manifestName, objectName } from '../../storage/layout.ts';
import { removeMark, setMark } from '../../storage/marks.ts';
import type { DrillInput } from '../../workflows/contract/drill.ts';
import { backupId, backupScheduleId } from '../../workflows/contract/names.ts';
import { startingBackup, startingDrill } from '../../workflows/contract/starting.ts';
import { type HttpEndpoint, startHttpEndpoint } from '../alarms/endpoints.ts';
import { allow, statementsOf } from '../deploy/bucket-policy.ts';
import { change, type Rig, startRig } from '../workflows/rig.ts';

/** What somebody, or something, may do to backups: each ends in an alarm that is heard, and nothing else is lost. */
let rig: Rig;
let hook: HttpEndpoint;
let guarded: S3Server;
let full: string;
const started = new AsyncDisposableStack();
const worker = { accessKeyId: 'worker', secretAccessKey: 'secret-of-the-worker' };
const pathBefore = process.env.PATH;

beforeAll(async () => {
  process.env.PATH = await pathForDrills();
  hook = await startHttpEndpoint();
  started.defer(() => hook.stop());
  guarded = await startS3({ buckets: ['backups'], accounts: [worker] });
  started.defer(() => guarded.stop());
  full = await smallDisk();
  const rarely = '15 4 1 1 *';
  const { address: endpoint, region } = guarded;
  const bucket = { bucket: 'backups', prefix: 'prod', endpoint, region, path_style: true };
  const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = worker;
  rig = await startRig(
    {
      removed: { prefix: 'removed/' },
      flipped: { prefix: 'flipped/' },
      edited: { prefix: 'edited/' },
      emptied: { prefix: 'emptied/' },
      unscheduled: { prefix: 'unscheduled/', schedule: rarely },
      paused: { prefix: 'paused/', schedule: rarely },
      clock: { prefix: 'clock/' },
      'read-only': { prefix: 'read-only/', storage: 'guarded' },
      full: { prefix: 'full/', storage: 'full' },
    },
    {
      guarded: { s3: { ...bucket, access_key_id, secret_access_key } },
      full: { directory: { path: full } },
    },
    {
      settings: { alarms: { hook: { webhook: { url: `${hook.address}/hook` }, level: 'info' } } },
      pace: { glance: 500, look: 2000 },
    },
  );
  started.defer(() => rig.stop());
  await start();
});
afterAll(async () => {
  process.env.PATH = pathBefore;
  await started.disposeAsync();
});

/** A disk of a megabyte. */
async function smallDisk(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
  await run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'holdfast', path], { cwd: '/' }).catch(
    (cause: unknown) => {
      throw new Error(
        'A small disk is mounted for this test: it needs root, and the right to mount (CAP_SYS_ADMIN).',
        {
          cause,
        },
      );
    },
  );
  started.defer(async () => {
    await run(['umount', path], { cwd: '/' });
    await rm(path, { recursive: true });
  });
  return path;
}

async function start(): Promise<void> {
  await reconcile(rig.client, rig.config, await planReconciliation(rig.client, rig.config), false);
}

/** What the channel heard of a job: `fired failed`. */
function heard(job: string): readonly string[] {
  return hook.heard
    .map(({ body }) => JSON.parse(body) as { event: string; job: string; problem: string })
    .filter((notice) => notice.job === job)
    .map(({ event, problem }) => `${event} ${problem}`);
}

async function hears(job: string, alarm: string, times = 1): Promise<void> {
  const count = () => heard(job).filter((text) => text === alarm).length;
  for (const end = Date.now() + 60_000; count() < times;) {
    if (Date.now() > end) throw new Error(`${alarm} was not heard of ${job}, but: ${heard(job).join(', ')}`);
    await sleep(200);
  }
}

let latest = 0;
const nextId = (): string => backupId(new Date((latest = Math.max(Date.now(), latest + 1000))));

async function backUp(job: string, id = nextId()): Promise<string> {
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

async function drill(input: Omit<DrillInput, 'id'>): Promise<void> {
  const id = nextId();
  const { type, ...options } = startingDrill({ job: input.job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ ...input, id }] });
}

const never = new AbortController().signal;

async function readStored(name: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(rig.storage.get(name)));
}

async function writeStored(name: string, bytes: Buffer): Promise<void> {
  await rig.storage.put(
    name,
    (async function* () {
      yield await Promise.resolve(bytes);
    })(),
    { signal: never },
  );
}

function flipMiddle(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const edit = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().replace('"records":', '"records":1'));

describe.each([
  ['an object is deleted', 'removed', 'data', () => undefined],
  ['a byte is flipped', 'flipped', 'data', flipMiddle],
  ['a manifest is edited', 'edited', 'manifest', edit],
] as const)('%s', (_what, job, which, damage) => {
  test('the drill of that backup fails, an alarm is heard, and the backup before it comes back whole', async () => {
    await change(rig, { [`${job}/key`]: 'first' });
    const good = await backUp(job);
    await change(rig, { [`${job}/key`]: 'second' });
    const bad = await backUp(job);
    const { objects } = await readManifest(rig.storage, job, bad);
    const name = which === 'manifest' ? manifestName(job, bad) : objectName(job, objects[0]?.name ?? '');
    const whole = await readStored(name);
    const damaged = damage(whole);
    await (damaged === undefined ? rig.storage.remove([name]) : writeStored(name, damaged));

    await expect(drill({ job })).rejects.toThrow();
    await hears(job, 'fired drill failed');
    await drill({ job, backup: good });
    await hears(job, 'cleared drill failed');
  });
});

test('the store is emptied: no empty backup takes the place of a good one, and an alarm is heard', async () => {
  await change(rig, { 'emptied/key': 'value' });
  const good = await backUp('emptied');
  await change(rig, { 'emptied/key': null });
  await expect(backUp('emptied')).rejects.toThrow();
  await hears('emptied', 'fired failed');
  expect((await readEntry(rig.storage, 'emptied', good)).state).toBe('published');
  await change(rig, { 'emptied/key': 'value' });
  await backUp('emptied');
  await hears('emptied', 'cleared failed');
});

test('the schedule is deleted', async () => {
  await rig.client.schedule.getHandle(backupScheduleId('unscheduled')).delete();
  await hears('unscheduled', 'fired missing schedule');
  await start();
  await hears('unscheduled', 'cleared missing schedule');
});

test('the schedule is paused', async () => {
  const handle = rig.client.schedule.getHandle(backupScheduleId('paused'));
  await handle.pause('sabotage');
  await hears('paused', 'fired paused');
  await handle.unpause();
  await hears('paused', 'cleared paused');
});

test('the clock goes back an hour: what is made then is suspicious, and no backup takes the place of another', async () => {
  const trust = (id: string) => setMark(rig.storage, { job: 'clock', id, mark: 'trusted' }, { by: 'a test' });
  await change(rig, { 'clock/key': 'first' });
  const before = await backUp('clock');
  // As `holdfast backup` names it on a machine whose clock is an hour ahead.
  await change(rig, { 'clock/key': 'second' });
  const ahead = await backUp('clock', backupId(new Date(Date.now() + 3_600_000)));
  await hears('clock', 'fired suspicious');
  await trust(ahead);
  await hears('clock', 'cleared suspicious');
  await removeMark(rig.storage, { job: 'clock', id: ahead, mark: 'trusted' });

  // The clock is right again.
  await change(rig, { 'clock/key': 'third' });
  const back = await backUp('clock');
  await hears('clock', 'fired suspicious', 2);
  const ids = await Array.fromAsync(listBackups(rig.storage, 'clock'), ({ id }) => id);
  expect(ids).toEqual([ahead, back, before]);
  for (const backup of ids) await drill({ job: 'clock', backup });
  await trust(ahead);
  await trust(back);
  await hears('clock', 'cleared suspicious', 2);
  await backUp('clock');
  await hears('clock', 'ended backup ended well', 4);
  expect(heard('clock').filter((text) => text === 'fired suspicious')).toHaveLength(2);
});

test('the storage can be read only: the backup before is there, nothing half is, and an alarm is heard', async () => {
  const grant = async (file: string): Promise<void> => {
    const statements = await statementsOf(file, 'backups', 'prod');
    await allow(guarded, 'backups', { account: worker, statements });
  };
  await grant('storage.json');
  await change(rig, { 'read-only/key': 'first' });
  await backUp('read-only');
  await grant('storage-read.json');
  await change(rig, { 'read-only/key': 'second' });
  await expect(backUp('read-only')).rejects.toThrow();
  await hears('read-only', 'fired failed');
  await grant('storage.json');
  await drill({ job: 'read-only' });
  await backUp('read-only');
  await hears('read-only', 'cleared failed');
});

test('the storage is full: the backup before is there, nothing half is, and an alarm is heard', async () => {
  await change(rig, { 'full/key': 'first' });
  const good = await backUp('full');
  await writeFile(join(full, 'filler'), Buffer.alloc(1024 * 1024)).catch(() => undefined);
  await change(rig, { 'full/key': 'second' });
  await expect(backUp('full')).rejects.toThrow();
  await hears('full', 'fired failed');
  expect(await readdir(join(full, 'full'))).toEqual([good]);
  await rm(join(full, 'filler'));
  await drill({ job: 'full' });
  await backUp('full');
  await hears('full', 'cleared failed');
});
