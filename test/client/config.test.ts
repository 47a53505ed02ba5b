import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdfast } from './fake-io.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-config-'));
  file = join(folder, 'holdfast.yaml');
});

afterAll(() => rm(folder, { recursive: true }));

const right = `storages:
  main: { s3: { bucket: backups, prefix: prod } }
jobs:
  consul-prod:
    storage: main
    consul: { address: 'http://127.0.0.1:8500', prefix: app/ }
    schedule: { cron: '15 * * * *', timezone: Europe/Berlin, jitter: 90s }
`;

test('config check sums up what is right', async () => {
  await writeFile(file, right);
  const { exit, text, stderr } = await holdfast(['config', 'check', '--config', file]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  const [sum, empty, ...rows] = text.trimEnd().split('\n');
  expect([sum, empty]).toEqual([`${file}: no mistakes; 1 job, 1 storage.`, '']);
  expect(rows.map((line) => line.split(/ {2,}/))).toEqual([
    ['JOB', 'STORE', 'STORAGE', 'SCHEDULE', 'ENCRYPTED'],
    [
      'consul-prod',
      'consul http://127.0.0.1:8500 (keys under "app/")',
      'main (s3://backups/prod)',
      '15 * * * * (Europe/Berlin, up to 1m 30s later)',
      'no',
    ],
  ]);
});

test('config check finds the file by HOLDFAST_CONFIG', async () => {
  await writeFile(file, right);
  const { text } = await holdfast(['config', 'check', '--json'], { env: { HOLDFAST_CONFIG: file } });
  expect(JSON.parse(text)).toEqual({ valid: true, file, jobs: ['consul-prod'], mistakes: [] });
});

test('config check tells every mistake, with exit code 2', async () => {
  await writeFile(file, right.replace('bucket', 'buckt').replace('90s', 'soon'));
  const { exit, text, stderr } = await holdfast(['--config', file, 'config', 'check']);
  expect({ exit, text }).toEqual({ exit: 2, text: '' });
  expect(stderr).toBe(
    [
      `error: ${file} has 3 mistakes:`,
      `  ${file}:2:11: storages.main.s3.bucket: missing; expected the name of a bucket (letters, digits, dots, hyphens) or the ARN of an access point`,
      `  ${file}:2:17: storages.main.s3.buckt: unknown setting; did you mean \`bucket\`?`,
      `  ${file}:7:70: jobs.consul-prod.schedule.jitter: found "soon"; expected a duration such as 90s, 15m, 1h30m or 30d`,
      'Correct the setting named in the message; `holdfast config check` shows them all. (ConfigInvalid)',
      '',
    ].join('\n'),
  );
});

test('config check --json gives the mistakes with their places', async () => {
  await writeFile(file, right.replace('90s', 'soon'));
  const { exit, text } = await holdfast(['config', 'check', '--json', '--config', file]);
  expect(exit).toBe(2);
  expect(JSON.parse(text)).toMatchObject({
    valid: false,
    file,
    mistakes: [{ file, line: 7, column: 70, path: 'jobs.consul-prod.schedule.jitter' }],
  });
});

test('a configuration that is not there is told with its full path', async () => {
  const { exit, stderr } = await holdfast(['config', 'check', '--config', join(folder, 'none.yaml')]);
  expect(exit).toBe(2);
  expect(stderr).toContain(
    `configuration ${folder}/none.yaml: there is no such file; name one with --config`,
  );
});

test('config schema prints a JSON Schema', async () => {
  const { text } = await holdfast(['config', 'schema']);
  expect(JSON.parse(text)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    required: ['jobs'],
  });
});
