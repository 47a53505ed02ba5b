import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { takeBackup } from '../../client/direct/backup.ts';
import { withStep } from '../../client/direct/step.ts';
import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { awscli } from '../../services/awscli.ts';
import { findOrBuild } from '../../services/cache/find.ts';
import { consul as consulProgram, type ConsulServer, startConsul } from '../../services/consul.ts';
import { installMissing } from '../../services/debian.ts';
import { type ElasticsearchServer, startElasticsearch } from '../../services/elasticsearch.ts';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathWithEtcd } from '../../services/on-path.ts';
import { type S3Server, startS3 } from '../../services/s3.ts';
import { fakeIo } from '../client/fake-io.ts';
import { fillConsul, listConsul, transactConsul } from '../stores/plain-consul.ts';
import { fillEtcd, listEtcd, wipeEtcd } from '../stores/plain-etcd.ts';
import { countIn, fill } from '../stores/elasticsearch/plain.ts';

/** The commands of docs/worst-day.md, as they stand there but for the addresses, bring every store back. */

const run = promisify(execFile);
const page = await readFile(new URL('../../docs/worst-day.md', import.meta.url), 'utf8');
const commands = new Map(
  Array.from(page.matchAll(/<!-- run: ([a-z-]+) -->\n\n```sh\n(.*?)```/gs), ([, name = '', text = '']) => [
    name,
    text,
  ]),
);

let folder: string;
let path: string;
let consul: ConsulServer;
let etcd: EtcdServer;
let search: ElasticsearchServer;
let s3: S3Server;
let config: Config;

const entries = [
  { key: Buffer.from('app/db/host'), value: Buffer.from('db.example'), attributes: { flags: '42' } },
  { key: Buffer.from('app/blob'), value: Buffer.from([0, 255, 10, 13]), attributes: { flags: '0' } },
  {
    key: Buffer.from('q"uote \u2713'),
    value: Buffer.from(''),
    attributes: { flags: '18446744073709551615' },
  },
];
/** What `consul kv import` refuses, and more than a command line takes. */
const difficult = [
  { key: Buffer.from('line\nbreak'), value: Buffer.from('\r\n'), attributes: { flags: '7' } },
  { key: Buffer.from('large'), value: Buffer.alloc(300_000, 'x'), attributes: { flags: '0' } },
];
const binary = { key: Buffer.from([0, 255, 128]), value: Buffer.from([255]) };

beforeAll(async () => {
  await installMissing(['age', 'jq', 'zstd', 'curl'], 'the test restores with them, without Holdfast.');
  folder = await mkdtemp(join(tmpdir(), 'holdfast-worst-day-'));
  path = [
    dirname(await findOrBuild(awscli)),
    dirname(await findOrBuild(consulProgram)),
    await pathWithEtcd(),
  ].join(delimiter);
  process.env.PATH = path;
  [consul, etcd, search, s3] = await Promise.all([
    startConsul(),
    startEtcd(),
    startElasticsearch(),
    startS3({ buckets: ['platform-backups'] }),
  ]);
  const identity = await generateIdentity();
  await writeFile(join(folder, 'backup.key'), `${identity}\n`);
  const encrypt = {
    recipients: [await identityToRecipient(identity)],
    identity_files: [join(folder, 'backup.key')],
  };
  const { region, accessKeyId: access_key_id, secretAccessKey: secret_access_key } = s3;
  const bucket = { bucket: 'platform-backups', prefix: 'holdfast/prod', endpoint: s3.address, region };
  const repository = {
    name: 'backups',
    type: 'fs',
    settings: { location: join(search.repositories, 'backups') },
  };
  const jobs = {
    keys: { consul: { address: consul.address } },
    difficult: { consul: { address: consul.address } },
    sealed: { consul: { address: consul.address }, encrypt },
    whole: { consul: { address: consul.address, mode: 'snapshot' }, encrypt },
    etcd: { etcd: { endpoints: [etcd.address] }, encrypt },
    'etcd-keys': { etcd: { endpoints: [etcd.address], mode: 'keys' } },
    search: { elasticsearch: { addresses: [search.address], indices: ['orders'], repository } },
  };
  const settings = {
    storages: { main: { s3: { ...bucket, path_style: true, access_key_id, secret_access_key } } },
    jobs: Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, { storage: 'main', ...job }])),
  };
  config = parseConfig(JSON.stringify(settings), 'holdfast.yaml', { env: {}, unset: 'fail' });
}, 300_000);
afterAll(async () => {
  await Promise.all([consul, etcd, search, s3].map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function backUp(job: string): Promise<string> {
  return (await withStep(config, fakeIo(), (step) => takeBackup(step, { job, reason: 'manual' }))).id;
}

/** A person's shell, in a directory of the job's own, with what the page has them set. */
async function shell(job: string, id: string, name: string, more: Readonly<Record<string, string>> = {}) {
  const command = commands.get(name);
  if (command === undefined) throw new Error(`docs/worst-day.md has no commands for ${name}`);
  const cwd = join(folder, job);
  await mkdir(cwd, { recursive: true });
  const text = command
    .replaceAll('http://127.0.0.1:8500', consul.address)
    .replaceAll('http://127.0.0.1:2379', etcd.address)
    .replaceAll('http://127.0.0.1:9200', search.address);
  const env = {
    ...{ PATH: path, HOME: folder, STORAGE: 's3://platform-backups/holdfast/prod', JOB: job, ID: id },
    IDENTITY: join(folder, 'backup.key'),
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.address,
    ...more,
  };
  const { stdout } = await run('bash', ['-o', 'pipefail', '-ec', text], { cwd, env });
  return stdout;
}

async function getAndOpen(job: string, id: string): Promise<void> {
  expect(await shell(job, id, 'list')).toContain(id);
  expect(await shell(job, id, 'get')).toMatch(/: OK\n$/);
  expect(await shell(job, id, 'open')).toMatch(/: OK\n$/);
}

const emptyConsul = () => transactConsul(consul.address, [{ Verb: 'delete-tree', Key: '' }]);

async function inConsul(): Promise<readonly unknown[]> {
  const found = await listConsul(consul.address);
  return found.map(({ key, value, flags }) => ({ key, value: value ?? '', flags }));
}

const expectedInConsul = (all = entries) =>
  all
    .map(({ key, value, attributes: { flags } }) => ({
      ...{ key: key.toString(), value: value.toString('base64'), flags },
    }))
    .sort((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)));

test.each(['keys', 'sealed'])('the keys of Consul come back, from the job %s', async (job) => {
  await fillConsul(consul.address, entries);
  const id = await backUp(job);
  await emptyConsul();
  await getAndOpen(job, id);
  expect(await shell(job, id, 'look')).toBe('db.example\n');
  await shell(job, id, 'consul');
  expect(await inConsul()).toEqual(expectedInConsul());
});

test('keys that no URL takes come back by transactions', async () => {
  await emptyConsul();
  await fillConsul(consul.address, [...entries, ...difficult]);
  const id = await backUp('difficult');
  await emptyConsul();
  await getAndOpen('difficult', id);
  await shell('difficult', id, 'consul-transactions');
  expect(await inConsul()).toEqual(expectedInConsul([...entries, ...difficult]));
});

test('the whole of Consul comes back from its snapshot', async () => {
  await emptyConsul();
  await fillConsul(consul.address, entries);
  const id = await backUp('whole');
  await emptyConsul();
  await getAndOpen('whole', id);
  expect(await shell('whole', id, 'consul-snapshot')).toContain('KVS');
  expect(await inConsul()).toEqual(expectedInConsul());
});

test('the keys of etcd come back, binary ones too', async () => {
  await wipeEtcd(etcd.address);
  await fillEtcd(etcd.address, [...entries, ...difficult, binary]);
  const before = await listEtcd(etcd.address);
  const id = await backUp('etcd-keys');
  await wipeEtcd(etcd.address);
  await getAndOpen('etcd-keys', id);
  await shell('etcd-keys', id, 'etcd-keys');
  expect(await listEtcd(etcd.address)).toEqual(before);
});

test('an etcd comes back from its snapshot', async () => {
  await fillEtcd(etcd.address, [...entries, ...difficult, binary]);
  const before = await listEtcd(etcd.address);
  const id = await backUp('etcd');
  await getAndOpen('etcd', id);
  const dataDir = join(folder, 'data');
  await shell('etcd', id, 'etcd-snapshot', { DATA_DIR: dataDir });
  const restored = await startEtcd({ dataDir });
  try {
    expect(await listEtcd(restored.address)).toEqual(before);
  } finally {
    await restored.stop();
  }
});

test('an index comes back from the snapshot that the cluster keeps', async () => {
  await fill(search.address, 'orders', 30);
  const id = await backUp('search');
  await getAndOpen('search', id);
  await shell('search', id, 'elasticsearch');
  expect(await countIn(search.address, 'restored-orders')).toBe(30);
});

test('every command of the page that reaches a server is among those run here', () => {
  expect([...commands.keys()]).toEqual([
    ...['list', 'get', 'open', 'look', 'consul', 'consul-transactions', 'consul-snapshot'],
    ...['etcd-snapshot', 'etcd-keys', 'elasticsearch'],
  ]);
});
