import '../real-timeout.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import type { S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { RestoreReport } from '../../workflows/contract/restore.ts';
import { settingsFor, startS3Server } from '../storage/s3-server.ts';
import { fillConsul, listConsul, transactConsul } from '../stores/plain-consul.ts';
import { idOf, record, storeBackup } from './backups.ts';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));
const [older, id] = [idOf(65), idOf(5)];
let server: S3Server;
let consul: ConsulServer;
let address: string;
/** Where the commands are run: there is no holdfast.yaml in it, only the key that opens the backups. */
let folder: string;

beforeAll(async () => {
  [server, consul] = await Promise.all([startS3Server(), startConsul()]);
  folder = await mkdtemp(join(tmpdir(), 'holdfast-alone-'));
  const settings = settingsFor(server, { prefix: 'worst/day' });
  const { bucket, endpoint = '', region = '' } = settings;
  address = `s3://${bucket}/worst/day?endpoint=${endpoint}&region=${region}&path_style=true`;
  const identity = await generateIdentity();
  await writeFile(join(folder, 'backup.key'), `# kept in a safe\n${identity}\n`);
  const recipients = [await identityToRecipient(identity)];
  const storage = openS3(settings);
  await storeBackup(storage, 'consul', older, [record('a', 'one')], recipients);
  await storeBackup(storage, 'consul', id, [record('a', 'one'), record('b', 'two')], recipients);
  await storage.close();
});

afterAll(async () => {
  await Promise.all([server.stop(), consul.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** The real process, with nothing but credentials in its environment: no configuration, no Temporal. */
async function run(secret: string, args: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
    // Whoever asks Temporal for something fails.
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  };
  const child = spawn(process.execPath, [main, ...args, '--storage', address], { cwd: folder, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const holdfast = (...args: readonly string[]) => run(server.secretAccessKey, args);
const opened = ['--identity', 'backup.key'];

test('list finds the backups in S3 with an address alone', async () => {
  const { code, stdout, stderr } = await holdfast('list', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [newest] = stdout.split('\n');
  expect(JSON.parse(newest ?? '')).toMatchObject({
    ...{ job: 'consul', id, state: 'published', records: 2, encrypted: true },
  });
});

test('show shows the manifest', async () => {
  const { code, stdout } = await holdfast('show', 'consul');
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toContain(`${id} of consul`);
});

test('verify, inspect, cat and fetch open it with a key that the command line names', async () => {
  const verify = await holdfast('verify', 'consul', ...opened);
  expect(verify).toMatchObject({ code: 0, stdout: expect.stringContaining('is whole: 2 records') as string });
  const value = await holdfast('inspect', 'consul', '--key', 'b', '--values', ...opened);
  expect(value).toMatchObject({ code: 0, stdout: 'two' });
  const cat = await holdfast('cat', 'consul', ...opened);
  expect(cat.stdout.split('\n')[0]).toContain('"key":"a"');
  const fetched = await holdfast('fetch', 'consul', '--output', 'records.ndjson', ...opened);
  expect(fetched).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'records.ndjson'), 'utf8')).toBe(cat.stdout);
});

test('without the key, what is encrypted stays closed, and that is said', async () => {
  const { code, stderr } = await holdfast('cat', 'consul');
  expect({ code, stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('(DecryptFailed)') as string,
  });
});

test('diff compares two backups, or a backup and the store at an address', async () => {
  const two = await holdfast('diff', 'consul', older, 'latest', ...opened);
  expect(two).toMatchObject({ code: 0, stdout: '+ b  3 B\n' });
  await transactConsul(consul.address, [{ Verb: 'delete-tree', Key: '' }]);
  await fillConsul(consul.address, [{ key: Buffer.from('a'), value: Buffer.from('spoilt') }]);
  const live = await holdfast('diff', 'consul', '--store', consul.address, ...opened);
  expect(live).toMatchObject({ code: 0, stdout: '~ a  3 B → 6 B\n- b  3 B\n' });
});

test('restore --direct brings it back into the store at an address, keeps what was there, and proves', async () => {
  await transactConsul(consul.address, [{ Verb: 'delete-tree', Key: '' }]);
  await fillConsul(consul.address, [{ key: Buffer.from('a'), value: Buffer.from('spoilt') }]);
  const command = ['restore', 'consul', '--direct', '--store', consul.address, '--mode', 'mirror', ...opened];
  const dry = await holdfast(...command, '--dry-run', '--json');
  expect(dry).toMatchObject({ code: 0 });
  const { plan } = JSON.parse(dry.stdout) as RestoreReport;
  expect(plan).toMatchObject({ add: 1, change: 1, remove: 0 });

  const { code, stdout, stderr } = await holdfast(...command, '--plan', plan?.digest ?? '', '--json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const report = JSON.parse(stdout) as RestoreReport;
  expect(report).toMatchObject({ outcome: 'restored', backup: id, proof: { compared: 2, differing: 0 } });
  const entries = await listConsul(consul.address);
  expect(entries.map(({ key, value }) => [key, Buffer.from(value ?? '', 'base64').toString()])).toEqual([
    ['a', 'one'],
    ['b', 'two'],
  ]);
  // The safety backup is encrypted as the one that was restored.
  const before = await holdfast('cat', 'consul', report.safetyBackup ?? '', ...opened);
  expect(before.stdout).toContain('spoilt');
  expect((await holdfast('cat', 'consul', report.safetyBackup ?? '')).code).toBe(3);
});

test('what is missing for that is asked for before anything is done', async () => {
  const refusals = [
    [['restore', 'consul', '--direct', '--yes'], 'say with --store where to'],
    [['restore', 'consul', '--yes'], 'go with --direct or --to-data-dir'],
    [['restore', 'consul', '--direct', '--yes', '--store', 'nowhere'], '--store nowhere'],
    [
      ['restore', 'consul', '--direct', '--yes', '--store', consul.address, '--to-job', 'other'],
      'need a configuration',
    ],
  ] as const;
  for (const [args, reason] of refusals) {
    const { code, stderr } = await holdfast(...args);
    expect({ args, code, stderr }).toEqual({
      args,
      code: 2,
      stderr: expect.stringContaining(reason) as string,
    });
  }
});

test('says what is wrong where the credentials are', async () => {
  const { code, stdout, stderr } = await run('not-the-key', ['list', 'consul']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('(StorageDenied)');
  expect(stderr).not.toContain('not-the-key');
});
