import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deploy } from './bucket-policy.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-entrypoint-'));
  // Programs that say how they were called.
  for (const name of ['node', 'holdfast']) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "${name}" "$@"\n`);
    await chmod(join(folder, name), 0o755);
  }
  await writeFile(join(folder, 'holdfast.yaml'), '');
});
afterAll(() => rm(folder, { recursive: true }));

async function started(words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(join(deploy, 'entrypoint.sh'), words, {
    env: { PATH: `${folder}:/usr/bin:/bin`, HOLDFAST_CONFIG: join(folder, 'no.yaml'), ...env },
  });
  return stdout.replace(/ --\S+=\S+/g, '').trim();
}

const worker = 'node /app/worker/main.ts';

test.each([
  ['backup', 'holdfast one-shot'],
  ['restore', 'holdfast one-shot'],
  ['foo', 'holdfast one-shot'],
  ['', worker],
])('13: ACTION=%s alone starts %s', async (ACTION, program) => {
  expect(await started([], { ACTION })).toBe(program);
});

test('13: without ACTION, a bucket for the one-shot and no configuration are a backup', async () => {
  const env = { S3_BACKUP_FOLDER: 'bucket' };
  expect(await started([], env)).toBe('holdfast one-shot');
  expect(await started([], { ...env, HOLDFAST_CONFIG: join(folder, 'holdfast.yaml') })).toBe(worker);
});

test.each([
  [[], worker],
  [['worker', '--config', 'other.yaml'], `${worker} --config other.yaml`],
  [['list', 'consul prod'], 'holdfast list consul prod'],
  [['holdfast', 'list'], 'holdfast list'],
  [['--help'], 'holdfast --help'],
  [['/bin/echo', 'any program'], 'any program'],
])('%j starts %s', async (words, program) => {
  expect(await started(words, {})).toBe(program);
});
