import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { storeAddresses } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { findOrBuild } from '../../services/cache/find.ts';
import { composeSpec } from '../../services/compose.ts';

const root = resolve(import.meta.dirname, '../..');

/** What `docker compose config` makes of a file: checked, with variables and short forms written out. */
async function composeConfig(file: string): Promise<Model> {
  const program = await findOrBuild(composeSpec);
  const words = ['-format', 'json', file];
  const { stdout } = await promisify(execFile)(program, words, { cwd: root, env: { PATH: '' } });
  return JSON.parse(stdout) as Model;
}

interface Model {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Service {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly { readonly host_ip: string; readonly published: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
}

let model: Model;
let services: [string, Service][];
beforeAll(async () => {
  model = await composeConfig(join(root, 'docker-compose.yml'));
  services = Object.entries(model.services);
});

test('it is accepted, and a misspelt setting is not', async () => {
  expect(Object.keys(model.services).sort()).toEqual([
    'consul',
    'elasticsearch',
    'etcd',
    'first-backups',
    'moto',
    'opensearch',
    'postgres',
    's3',
    'temporal',
    'temporal-namespace',
    'temporal-schema',
    'temporal-ui',
    'worker',
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-compose-'));
  try {
    const text = await readFile(join(root, 'docker-compose.yml'), 'utf8');
    const misspelt = join(folder, 'misspelt.yml');
    await writeFile(misspelt, text.replace('retries:', 'retrys:'));
    await expect(composeConfig(misspelt)).rejects.toThrow("'retrys' not allowed");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what one waits for is there, and can become what is waited for', () => {
  const oneShots = services
    .filter(([, { restart }]) => restart.startsWith('on-failure'))
    .map(([name]) => name);
  expect(oneShots.sort()).toEqual(['first-backups', 'temporal-namespace', 'temporal-schema']);
  for (const [name, { depends_on = {} }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const waitsFor = [name, other, condition];
      if (oneShots.includes(other)) expect(waitsFor).toEqual([name, other, 'service_completed_successfully']);
      else {
        expect(waitsFor).toEqual([name, other, 'service_healthy']);
        expect([other, model.services[other]?.healthcheck?.test]).toEqual([other, expect.any(Array)]);
      }
    }
  }
});

test('images are named to the version, ports are open on this machine only', () => {
  for (const [name, { image, build, ports = [] }] of services) {
    if (!build) expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+(\.\d+)*$/)]);
    for (const port of ports) expect([name, port.host_ip]).toEqual([name, '127.0.0.1']);
  }
  const published = services.flatMap(([, { ports = [] }]) => ports.map((port) => Number(port.published)));
  expect(published.sort((a, b) => a - b)).toEqual([2379, 5000, 7070, 7233, 8233, 8500, 9200, 9201, 18_080]);
});

test('Holdfast itself can write temporary files and nothing else', () => {
  for (const name of ['worker', 'first-backups']) {
    expect(model.services[name]).toMatchObject({
      ...{ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'] },
      security_opt: ['no-new-privileges:true'],
    });
  }
});

test('OpenSearch and moto are started only where their profiles are asked for', () => {
  const profiles = services.flatMap(([name, { profiles: of = [] }]) =>
    of.length > 0 ? [[name, ...of]] : [],
  );
  expect(profiles.sort()).toEqual([
    ['moto', 'moto'],
    ['opensearch', 'opensearch'],
  ]);
});

test('data is in named volumes; the files that are mounted are in the repository', async () => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes);
  const named = mounts.filter(({ type }) => type === 'volume').map(({ source }) => source);
  expect(named.sort()).toEqual(Object.keys(model.volumes).sort());
  for (const { source } of mounts.filter(({ type }) => type === 'bind')) await access(source);
});

test('the configuration of its worker is valid, and everything it names is in the set', async () => {
  const { environment = {}, volumes = [] } = model.services['worker'] ?? {};
  const mounted = volumes.find(({ target }) => environment['HOLDFAST_CONFIG']?.startsWith(`${target}/`));
  const file = join(mounted?.source ?? '', 'holdfast.yaml');
  const config = await loadConfig(file, { env: environment, unset: 'fail' });
  const hosts = [...config.jobs.values()].flatMap(({ store, storage }) => [
    ...storeAddresses(store),
    ...(storage.kind === 's3' && storage.s3.endpoint ? [storage.s3.endpoint] : []),
  ]);
  expect(hosts.map((url) => new URL(url).hostname).sort()).toEqual([
    'consul',
    'elasticsearch',
    'etcd',
    's3',
    's3',
    's3',
  ]);
  expect(environment['TEMPORAL_ADDRESS']).toBe('temporal:7233');
});
