import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { Manifest } from '../../workflows/contract/manifest.ts';
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

/** Every image that the Dockerfiles and docker-compose.yml name. */
async function imagesNamed(): Promise<readonly string[]> {
  const read = (name: string) => readFile(join(root, name), 'utf8');
  const names = [
    ...(await read('deploy/Dockerfile')).matchAll(/^ARG \w+_IMAGE=(\S+)/gm),
    ...(await read('deploy/opensearch/Dockerfile')).matchAll(/^FROM (\S+)/gm),
    ...(await read('docker-compose.yml')).matchAll(/^ +image: (\S+:\S+)/gm),
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
  let begun: number;
  beforeAll(async () => {
    begun = Date.now();
    await compose('up', '--detach');
    report(`docker compose up took ${sinceBegun()}`);
  });
  afterAll(async () => {
    await compose('down', '--volumes', '--timeout', '60');
  });

  const sinceBegun = () => `${Math.round((Date.now() - begun) / 1000)} s`;
  const consul = (...words: readonly string[]) => compose('exec', '-T', 'consul', 'consul', 'kv', ...words);

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

  test('an index of Elasticsearch goes into S3 by a snapshot, and comes back beside the live one', async () => {
    const search = async (method: string, path: string, body?: string) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`http://127.0.0.1:9200${path}`, { method, headers, ...(body && { body }) });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await search('PUT', '/orders/_doc/1?refresh=true', '{"total":42}')).toMatchObject({ status: 201 });
    await holdfast('backup', 'search');
    await holdfast('restore', 'search', '--indices', 'orders', '--yes');
    const found = await search('GET', '/restored-orders/_doc/1');
    expect(found).toMatchObject({ status: 200, text: expect.stringContaining('"total":42') as unknown });
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

describe('docker-compose.yml with its profiles', () => {
  const address = 'http://opensearch:9200';
  const profiles = ['--profile', 'opensearch', '--profile', 'moto'];
  beforeAll(() => composeWith({ SEARCH_ADDRESS: address }, ...profiles, 'up', '--build', '--detach'));
  afterAll(() => compose(...profiles, 'down', '--volumes', '--timeout', '60'));

  test('opensearch: the first backup of the search engine is one of that', async () => {
    while ((await holdfast('list', 'search', '--json')) === '') await sleep(1000);
    const { store } = JSON.parse(await holdfast('show', 'search', '--json')) as Manifest;
    expect(store).toMatchObject({ address, details: { product: 'opensearch' } });
  });

  test('moto: an ECS takes a task definition', async () => {
    while ((await stateOf('moto')).Health?.Status !== 'healthy') await sleep(1000);
    const ecs = new ECSClient({
      ...{ endpoint: 'http://127.0.0.1:5000', region: 'us-east-1' },
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    });
    const definition = JSON.parse(await readFile(join(root, 'deploy/ecs/worker.json'), 'utf8')) as Definition;
    const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(definition));
    ecs.destroy();
    expect(taskDefinition?.taskDefinitionArn).toMatch(/:task-definition\/holdfast-worker:1$/);
  });
});

type Definition = ConstructorParameters<typeof RegisterTaskDefinitionCommand>[0];

/** Debian's, or the plugin of a newer engine. */
async function composeWith(
  env: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<string> {
  const plugin = (await docker.attempt(['compose', 'version'])).exit === 0;
  const [program, first] = plugin ? ['docker', ['compose']] : ['docker-compose', []];
  const named = { COMPOSE_PROJECT_NAME: project, ...env };
  return docker.run([...first, ...words], { program, cwd: root, env: named });
}

function compose(...words: readonly string[]): Promise<string> {
  return composeWith({}, ...words);
}

function holdfast(...words: readonly string[]): Promise<string> {
  return compose('exec', '-T', 'worker', 'holdfast', ...words);
}

async function stateOf(service: string): Promise<State> {
  const id = await composeWith({}, '--profile', 'opensearch', '--profile', 'moto', 'ps', '--quiet', service);
  return JSON.parse(await docker.run(['inspect', '--format', '{{json .State}}', id])) as State;
}

interface State {
  readonly Health?: { readonly Status: string };
}

/** Without ACTION: a backup. */
const oneShot = {
  ...{ CONSUL_HOST: 'consul', CONSUL_PORT: '8500', S3_BACKUP_FOLDER: 'holdfast', FORMAT: 'consulate' },
  ...{ BACKUP_FILE: 'x', VERSION: 'y', AWS_ENDPOINT_URL: 'http://s3:7070', AWS_REGION: 'us-east-1' },
  ...{ AWS_ACCESS_KEY_ID: 'holdfast-development', AWS_SECRET_ACCESS_KEY: 'holdfast-development-secret' },
};
