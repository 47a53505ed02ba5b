import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import { MiB, namesOf } from './bytes.ts';
import { settingsFor, startS3Server } from './s3-server.ts';

const program = fileURLToPath(new URL('s3-upload-child.ts', import.meta.url));
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

function startUpload(settings: S3Settings, mebibytes: number, environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...environment, SETTINGS: JSON.stringify(settings), MEBIBYTES: String(mebibytes) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, output: child.stdout.setEncoding('utf8') };
}

test('memory stays flat: 256 MiB and back take no more than 250 MiB', async () => {
  const { child, output } = startUpload(settingsFor(server), 256);
  const [text] = await Promise.all([output.toArray(), once(child, 'exit')]);
  const result: unknown = JSON.parse(text.join(''));
  expect(result).toMatchObject({ stored: 256 * MiB, read: 256 * MiB });
  expect((result as { peakMebibytes: number }).peakMebibytes).toBeLessThan(250);
});

test('what a killed process leaves is invisible, and is cleaned up by its prefix and age', async () => {
  const settings = settingsFor(server);
  const before = new Date(Date.now() - 60_000);
  const { child, output } = startUpload(settings, 20, { HANG: 'yes' });
  await once(output, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const storage = openS3(settings);
  expect(await namesOf(storage, '')).toEqual([]);
  expect(await storage.abortUploads('data', undefined, before)).toBe(0);
  expect(await storage.abortUploads('data', undefined, new Date(Date.now() + 60_000))).toBe(1);
  expect(await storage.abortUploads('')).toBe(0);
  await storage.close();
});
