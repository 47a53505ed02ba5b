import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Docker } from './docker.ts';
import { type Engine, openEngine } from './engine.ts';
import { makeStandIns } from './stand-ins.ts';

const root = resolve(import.meta.dirname, '../..');

/** What docs/deploy.md says at most, in MB of 1,000,000 bytes, uncompressed. */
const budget = 540;

/** As it is meant to be run: nothing can be written but temporary files. */
const confined = ['run', '--rm', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'];
const project = 'holdfast-image-test';

/** Where nothing is in the cache, Temporal is compiled first: on a busy machine that alone is half an hour. */
const setUpTimeout = 3 * 60 * 60_000;

let engine: Engine;
let docker: Docker;
beforeAll(async () => {
  engine = await openEngine();
  ({ docker } = engine);
  if (engine.own || process.env['HOLDFAST_STAND_INS'] === '1')
    await makeStandIns(docker, await imagesNamed());
  report('Building the image');
  await docker.run(['build', '--file', 'deploy/Dockerfile', '--tag', 'holdfast', '.'], { cwd: root });
}, setUpTimeout);
afterAll(() => engine.stop());

/** Every image that the Dockerfile and docker-compose.yml name, without those of profiles. */
async function imagesNamed(): Promise<readonly string[]> {
  const dockerfile = await readFile(join(root, 'deploy/Dockerfile'), 'utf8');
  const compose = await readFile(join(root, 'docker-compose.yml'), 'utf8');
  const always = compose.split(/\n(?= {2}\S)/).filter((service) => !service.includes('profiles:'));
  const names = [
    ...dockerfile.matchAll(/^ARG \w+_IMAGE=(\S+)/gm),
    ...always.join('\n').matchAll(/^ +image: (\S+:\S+)/gm),
  ];
  return [...new Set(names.map(([, name = '']) => name))];
}

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}

describe('the image', () => {
  test('28: it is within its budget', async () => {
    const bytes = Number(await docker.run(['image', 'inspect', '--format', '{{.Size}}', 'holdfast']));
    report(`The image has ${Math.round(bytes / 1e6)} MB; its budget is ${budget} MB.`);
    expect(bytes / 1e6).toBeLessThan(budget);
  });

  test('it runs as nobody in particular, and holds no second platform and no npm', async () => {
    const inside = (script: string) => docker.run([...confined, 'holdfast', '/bin/sh', '-c', script]);
    expect(await inside('id -u; id -g')).toBe('1000\n1000');
    expect(await inside('ls /app/node_modules/@temporalio/core-bridge/releases')).toMatch(/^\S+-linux-gnu$/);
    expect(
      await inside('for name in npm node holdfast etcd etcdutl consul tini; do command -v $name; done; true'),
    ).toBe(
      '/usr/local/bin/node\n/usr/local/bin/holdfast\n/usr/local/bin/etcd\n/usr/local/bin/etcdutl\n/usr/local/bin/consul\n/usr/bin/tini',
    );
    expect(
      await inside('find / -xdev -writable -type f 2>/dev/null | grep -v -e ^/proc -e ^/sys; true'),
    ).not.toContain('/app/client');
  });

  test('any command of holdfast can be named', async () => {
    expect(await docker.run([...confined, 'holdfast', '--version'])).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await docker.attempt([...confined, 'holdfast', 'nonsense'])).exit).toBe(2);
  });

  test('13: ACTION=foo ends with exit code 2', async () => {
    const { exit, stderr } = await docker.attempt([...confined, '--env', 'ACTION=foo', 'holdfast']);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('ACTION=foo') as unknown });
  });
});

describe('docker-compose.yml', () => {
  let compose: (...words: readonly string[]) => Promise<string>;
  let begun: number;
  beforeAll(async () => {
    const plugin = (await docker.attempt(['compose', 'version'])).exit === 0;
    const [program, first] = plugin ? ['docker', ['compose']] : ['docker-compose', []];
    compose = (...words) =>
      docker.run([...first, ...words], { program, cwd: root, env: { COMPOSE_PROJECT_NAME: project } });
    begun = Date.now();
    await compose('up', '--detach');
    report(`docker compose up took ${sinceBegun()}`);
  });
  afterAll(async () => {
    await compose('down', '--volumes', '--timeout', '60');
  });

  const sinceBegun = () => `${Math.round((Date.now() - begun) / 1000)} s`;
  const holdfast = (...words: readonly string[]) => compose('exec', '-T', 'worker', 'holdfast', ...words);
  const consul = (...words: readonly string[]) => compose('exec', '-T', 'consul', 'consul', 'kv', ...words);
  const stateOf = async (service: string): Promise<State> => {
    const id = await compose('ps', '--quiet', service);
    return JSON.parse(await docker.run(['inspect', '--format', '{{json .State}}', id])) as State;
  };

  test('each job gets a first backup by itself', async () => {
    for (const job of ['consul', 'etcd', 'search']) {
      while ((await holdfast('list', job, '--json')) === '') await sleep(1000);
      report(`A first backup of ${job}, ${sinceBegun()} after docker compose up began`);
    }
  });

  test('the worker and the pages for people are well', async () => {
    for (const service of ['worker', 'temporal-ui'])
      while ((await stateOf(service)).Health?.Status !== 'healthy') await sleep(1000);
    for (const port of [8233, 18_080]) expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test('what is backed up comes back', async () => {
    await consul('put', 'app/1', 'one');
    await holdfast('backup', 'consul');
    await consul('put', 'app/1', 'oops');
    await holdfast('restore', 'consul', '--mode', 'overwrite', '--yes');
    expect(await consul('get', 'app/1')).toBe('one');
  });

  test('13, 14: the one-shot, in the place of adsabs/consul-backup', async () => {
    const once = async (env: Readonly<Record<string, string>>) =>
      docker.attempt([
        ...[...confined, '--network', `${project}_default`],
        ...Object.entries({ ...oneShot, ...env }).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        'holdfast',
      ]);
    expect(await once({})).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('/x.y.json') as unknown,
    });
    await consul('delete', 'app/1');
    expect(await once({ ACTION: 'restore', RESTORE_ID: 'y' })).toMatchObject({ exit: 0 });
    expect(await consul('get', 'app/1')).toBe('one');
    expect(await once({ ACTION: 'restore', RESTORE_ID: 'z' })).toMatchObject({ exit: 2 });
  });

  test('61: on SIGTERM the worker ends with exit code 0', async () => {
    const id = await compose('ps', '--quiet', 'worker');
    await docker.run(['stop', '--time', '60', id]);
    expect(JSON.parse(await docker.run(['inspect', '--format', '{{json .State}}', id]))).toMatchObject({
      ...{ Running: false, ExitCode: 0, OOMKilled: false },
    });
  });
});

interface State {
  readonly Health?: { readonly Status: string };
}

/** Without ACTION: a backup. */
const oneShot = {
  ...{ CONSUL_HOST: 'consul', CONSUL_PORT: '8500', S3_BACKUP_FOLDER: 'holdfast', FORMAT: 'consulate' },
  ...{ BACKUP_FILE: 'x', VERSION: 'y', AWS_ENDPOINT_URL: 'http://s3:7070', AWS_REGION: 'us-east-1' },
  ...{ AWS_ACCESS_KEY_ID: 'holdfast-development', AWS_SECRET_ACCESS_KEY: 'holdfast-development-secret' },
};
