import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { Finding } from '../../../client/doctor/finding.ts';
import { parseConfig } from '../../../config/load.ts';
import { type ConsulServer, startConsul } from '../../../services/consul.ts';
import { type S3Server, startS3 } from '../../../services/s3.ts';
import { startTemporal, type TemporalServer } from '../../../services/temporal.ts';
import { openStorage } from '../../../storage/open.ts';
import { workflowBundle } from '../../../worker/bundle.ts';
import { createWorkers, type Workers } from '../../../worker/workers.ts';
import { backupScheduleId } from '../../../workflows/contract/names.ts';
import { allow, statementsOf } from '../../deploy/bucket-policy.ts';
import { askConsul, fillConsul } from '../../stores/plain-consul.ts';
import { idOf, record, storeBackup } from '../backups.ts';
import { holdfast } from '../fake-io.ts';

const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const reader = { accessKeyId: 'reader', secretAccessKey: 'secret-of-the-reader' };
const started = new AsyncDisposableStack();
let folder: string;
let temporal: TemporalServer;
let consul: ConsulServer;
let s3: S3Server;
let client: Client;
let settings: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-doctor-'));
  await mkdir(join(folder, 'backups'));
  [temporal, consul, s3] = await Promise.all([
    startTemporal(),
    startConsul({ token: management }),
    startS3({ buckets: ['backups'], accounts: [reader] }),
  ]);
  for (const server of [temporal, consul, s3]) started.defer(() => server.stop());
  const connection = await Connection.connect({ address: temporal.address });
  started.defer(() => connection.close());
  client = new Client({ connection });
  await fillConsul(consul.address, [record('app/key', 'value')], management);
  await allow(s3, 'backups', {
    account: reader,
    statements: await statementsOf('storage-read.json', 'backups', 'prod'),
  });
  settings = await settingsWithKeys();
});
afterAll(async () => {
  await started.disposeAsync();
  await rm(folder, { recursive: true, force: true });
});

/** One job where all is well, and one for each thing that may be wrong with a job alone. */
async function settingsWithKeys(): Promise<Readonly<Record<string, unknown>>> {
  const [own, other] = [await generateIdentity(), await generateIdentity()];
  await writeFile(join(folder, 'own.key'), own);
  await writeFile(join(folder, 'other.key'), other);
  const recipients = [await identityToRecipient(own)];
  const directory = openStorage({ kind: 'directory', directory: { path: join(folder, 'backups') } });
  await storeBackup(directory, 'closed', idOf(5), [record('a', 'one')], recipients);
  await directory.close();

  const token = await readOnlyToken();
  const { region, accessKeyId: access_key_id, secretAccessKey: secret_access_key } = { ...s3, ...reader };
  const bucket = { bucket: 'backups', prefix: 'prod', endpoint: s3.address, region, path_style: true };
  const consulOf = (secret: string) => ({ address: consul.address, prefix: 'app/', token: secret });
  return {
    storages: {
      main: { directory: { path: 'backups' } },
      read: { s3: { ...bucket, access_key_id, secret_access_key } },
    },
    jobs: {
      sound: {
        ...{ storage: 'main', consul: consulOf(management), schedule: '15 3 * * *' },
        encrypt: { recipients, identity_files: ['own.key'] },
      },
      reads: { storage: 'main', consul: consulOf(token) },
      refused: { storage: 'main', consul: consulOf('00000000-1111-2222-3333-444444444444') },
      gone: { storage: 'main', consul: { address: 'http://127.0.0.1:1' } },
      denied: { storage: 'read', consul: consulOf(management) },
      closed: {
        ...{ storage: 'main', consul: consulOf(management) },
        encrypt: { recipients, identity_files: ['other.key'] },
      },
    },
  };
}

async function readOnlyToken(): Promise<string> {
  const call = async (path: string, body: object): Promise<unknown> =>
    JSON.parse((await askConsul(consul.address, 'PUT', path, JSON.stringify(body), management)).text);
  await call('/v1/acl/policy', { Name: 'reads', Rules: 'key_prefix "app/" { policy = "read" }' });
  const { SecretID } = (await call('/v1/acl/token', { Policies: [{ Name: 'reads' }] })) as {
    SecretID: string;
  };
  return SecretID;
}

async function run(address: string, ...args: readonly string[]) {
  const file = join(folder, 'holdfast.yaml');
  await writeFile(file, JSON.stringify(settings));
  return holdfast([...args, '--config', file], { env: { TEMPORAL_ADDRESS: address, HOME: folder } });
}

interface Told {
  readonly sound: boolean;
  readonly temporal: readonly Finding[];
  readonly jobs: readonly { readonly job: string; readonly findings: readonly Finding[] }[];
}

async function examined(job: string, address = temporal.address) {
  const { exit, text } = await run(address, 'doctor', job, '--json');
  const told = JSON.parse(text) as Told;
  expect(exit).toBe(told.sound ? 0 : 1);
  return { ...told, of: told.jobs[0]?.findings ?? [] };
}

const bad = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== 'ok');
/** No drill was ever made here. */
const undrilled = { check: 'drill', state: 'warning' } as const;
const about = (findings: readonly Finding[], check: string) =>
  findings.filter((found) => found.check === check);

async function startWorker(): Promise<Workers> {
  const config = parseConfig(JSON.stringify(settings), join(folder, 'holdfast.yaml'), {
    env: {},
    unset: 'fail',
  });
  const connection = await NativeConnection.connect({ address: temporal.address });
  started.defer(() => connection.close());
  const bundle = await workflowBundle();
  const workers = await createWorkers({ config, connection, namespace: 'default', bundle, grace: 0 });
  const served = workers.run();
  started.defer(async () => {
    workers.stop();
    await served;
  });
  return workers;
}

test('where nothing was set up yet, it says all that is missing, and what to do', async () => {
  const told = await examined('sound');
  expect(told.sound).toBe(false);
  expect(about(told.temporal, 'search attributes')).toMatchObject([
    { state: 'failed', action: 'Register them: holdfast start-schedule' },
  ]);
  expect(about(told.temporal, 'worker')).toMatchObject([
    { state: 'failed', text: 'none takes work from holdfast and holdfast-data' },
  ]);
  expect(about(told.of, 'schedule')).toMatchObject([
    { state: 'failed', text: 'holdfast-backup-sound is not there' },
  ]);
  expect(about(told.of, 'newest backup')).toMatchObject([{ state: 'failed', text: 'there is none' }]);
  expect(about(told.of, 'restore')).toMatchObject([{ state: 'warning' }]);
});

test('where all is well, it says so, and leaves nothing behind', async () => {
  await startWorker();
  expect((await run(temporal.address, 'start-schedule')).exit).toBe(0);
  expect((await run(temporal.address, 'backup', 'sound')).exit).toBe(0);
  const told = await examined('sound');
  expect(bad([...told.temporal, ...told.of])).toMatchObject([undrilled]);
  expect(told.of.map(({ check }) => check)).toEqual([
    ...['storage', 'newest backup', 'drill', 'store', 'rights to back up', 'rights to restore', 'clock'],
    ...['schedule', 'restore', 'runs'],
  ]);
  expect(about(told.of, 'newest backup')[0]?.text).toContain('an identity of the job opens it');
  expect(await readdir(join(folder, 'backups', 'sound'))).not.toContain('doctor');
  const stored = (await askConsul(consul.address, 'GET', '/v1/kv/?keys', undefined, management)).text;
  expect(JSON.parse(stored)).toEqual(['app/key']);
});

test('people read a line a check, and below it what to do', async () => {
  const { exit, text } = await run(temporal.address, 'doctor', 'reads');
  expect(exit).toBe(1);
  expect(text).toMatch(/^temporal\n {2}ok {7}temporal {11}answers at .*, namespace default$/m);
  expect(text).toMatch(
    /^ {2}FAILED {3}newest backup .* there is none\n +→ Make one: holdfast backup reads$/m,
  );
});

test('a token that may only read is enough for backups, and is said to be', async () => {
  const { of } = await examined('reads');
  expect(about(of, 'rights to back up')).toMatchObject([{ state: 'ok' }]);
  expect(about(of, 'rights to restore')).toMatchObject([{ state: 'warning' }]);
});

test.each([
  ['refused', 'rights to back up', 'Consul at'],
  ['gone', 'store', '127.0.0.1:1'],
  ['denied', 'storage', 's3://backups/prod/denied/doctor/'],
  ['closed', 'newest backup', 'closed'],
])('%s: what is wrong with the %s is named', async (job, check, place) => {
  const { of } = await examined(job);
  const failures = of.filter(({ state }) => state === 'failed');
  expect(failures).toContainEqual({
    ...{ check, state: 'failed' },
    text: expect.stringContaining(place) as string,
    action: expect.any(String) as string,
  });
  // The others were looked at all the same.
  expect(of.map(({ check: name }) => name)).toEqual(expect.arrayContaining(['storage', 'store', 'schedule']));
});

test('a schedule that is paused, changed or deleted is named', async () => {
  const handle = client.schedule.getHandle(backupScheduleId('sound'));
  await handle.pause('over the holidays');
  expect(bad((await examined('sound')).of)).toMatchObject([
    undrilled,
    { check: 'schedule', state: 'failed', text: 'holdfast-backup-sound is paused (over the holidays)' },
  ]);
  await handle.unpause();
  await handle.update((seen) => ({ ...seen, spec: { calendars: [{ hour: 4 }] } }));
  const [, changed] = bad((await examined('sound')).of);
  expect(changed).toMatchObject({ check: 'schedule', state: 'failed' });
  expect(changed?.text).toContain('is not what the configuration says');
  await handle.delete();
  expect(bad((await examined('sound')).of)).toMatchObject([
    undrilled,
    { check: 'schedule', text: 'holdfast-backup-sound is not there' },
  ]);
});

test('without Temporal it says so, and looks at everything else', async () => {
  const told = await examined('sound', '127.0.0.1:1');
  expect(told.temporal).toMatchObject([
    { check: 'temporal', state: 'failed', text: expect.stringContaining('were not looked at') as string },
  ]);
  expect(bad(told.of)).toMatchObject([undrilled]);
  expect(told.of.map(({ check }) => check)).toContain('rights to restore');
});
