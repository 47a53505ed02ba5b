import '../real-timeout.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import { settingsFor, startS3Server } from '../storage/s3-server.ts';
import { idOf, record, storeBackup } from './backups.ts';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));
const id = idOf(5);
let server: S3Server;
let address: string;

beforeAll(async () => {
  server = await startS3Server();
  const settings = settingsFor(server, { prefix: 'worst/day' });
  const { bucket, endpoint = '', region = '' } = settings;
  address = `s3://${bucket}/worst/day?endpoint=${endpoint}&region=${region}&path_style=true`;
  const storage = openS3(settings);
  await storeBackup(storage, 'consul', id, [record('a', 'one'), record('b', 'two')]);
  await storage.close();
});

afterAll(() => server.stop());

/** The real process, with nothing but credentials in its environment: no configuration, no Temporal. */
async function holdfast(secret: string, ...args: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
  };
  const child = spawn(process.execPath, [main, ...args, '--storage', address], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

test('finds, proves and reads a backup in S3 with an address alone', async () => {
  const list = await holdfast(server.secretAccessKey, 'list', '--json');
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(list.stdout)).toMatchObject({ job: 'consul', id, state: 'published', records: 2 });

  const verify = await holdfast(server.secretAccessKey, 'verify', 'consul');
  expect(verify.code).toBe(0);
  expect(verify.stdout).toContain('is whole: 2 records');

  const value = await holdfast(server.secretAccessKey, 'inspect', 'consul', '--key', 'b', '--values');
  expect(value).toMatchObject({ code: 0, stdout: 'two' });
});

test('says what is wrong where the credentials are', async () => {
  const { code, stdout, stderr } = await holdfast('not-the-key', 'list', 'consul');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('(StorageDenied)');
  expect(stderr).not.toContain('not-the-key');
});
