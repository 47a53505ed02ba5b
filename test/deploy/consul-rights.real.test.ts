import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consul as consulTool, type ConsulServer, startConsul } from '../../services/consul.ts';
import { type S3Server, startS3 } from '../../services/s3.ts';
import { openConsulSnapshots } from '../../stores/consul/consul.ts';
import { openBareBucket } from '../chaos/bare-bucket.ts';
import { holdfast } from '../client/fake-io.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { record } from '../stores/records.ts';
import { allow, deploy, statementsOf } from './bucket-policy.ts';

const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const bucket = 'backups';
const account = { accessKeyId: 'worker', secretAccessKey: 'secret-of-the-worker' };

let consul: ConsulServer;
let s3: S3Server;
let before: Readonly<Record<string, string | undefined>>;
beforeAll(async () => {
  [consul, s3] = await Promise.all([
    startConsul({ token: management }),
    startS3({ buckets: [bucket], accounts: [account] }),
  ]);
  await allow(s3, bucket, { account, statements: await statementsOf('storage.json', bucket, 'consul') });
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  before = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  process.env['AWS_ACCESS_KEY_ID'] = account.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = account.secretAccessKey;
});
afterAll(async () => {
  Object.assign(process.env, before);
  await Promise.all([consul.stop(), s3.stop()]);
});

/** A token with the rules of a file of deploy/consul/. */
async function tokenFor(name: string, file = name): Promise<string> {
  const call = async (path: string, body: object) => {
    const { status, text } = await askConsul(consul.address, 'PUT', path, JSON.stringify(body), management);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text) as { readonly SecretID: string };
  };
  const policy = name.replace('.', '-');
  await call('/v1/acl/policy', { Name: policy, Rules: await readFile(join(deploy, 'consul', file), 'utf8') });
  return (await call('/v1/acl/token', { Policies: [{ Name: policy }] })).SecretID;
}

function once(token: string, more: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(consul.address);
  const env = {
    ...{ CONSUL_HOST: hostname, CONSUL_PORT: port, CONSUL_HTTP_TOKEN: token },
    ...{ S3_BACKUP_FOLDER: bucket, AWS_ENDPOINT_URL: s3.address, AWS_REGION: s3.region },
    ...more,
  };
  return holdfast(['one-shot'], { env });
}

const contents = async () =>
  (await listConsul(consul.address, management)).map(({ key, value }) => [
    key,
    Buffer.from(value ?? '', 'base64').toString(),
  ]);

test('a Consul that denies by default: backup.hcl is enough for backups, restore.hcl for restores', async () => {
  const [backup, restore] = [await tokenFor('backup.hcl'), await tokenFor('restore.hcl')];
  await fillConsul(consul.address, [record('app/1', 'one'), record('app/2', 'two')], management);
  expect(await once(backup, {})).toMatchObject({ exit: 0 });

  const objects = openBareBucket(s3, bucket);
  const [manifest = ''] = (await objects.keys('consul/')).filter((key) => key.endsWith('/manifest.json'));
  expect(JSON.parse((await objects.read(manifest)).toString())).toMatchObject({
    store: { version: consulTool.version },
  });
  objects.close();

  await fillConsul(consul.address, [record('app/1', 'oops')], management);
  const wanted = { ACTION: 'restore', RESTORE_ID: 'latest', OVERWRITE: 'true' };
  expect(await once(backup, wanted)).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('ermission denied') as unknown,
  });
  expect(await contents()).toEqual([
    ['app/1', 'oops'],
    ['app/2', 'two'],
  ]);
  const id = manifest.split('/')[1] ?? '';
  expect(await once(restore, { ...wanted, RESTORE_ID: id })).toMatchObject({ exit: 0 });
  expect(await contents()).toEqual([
    ['app/1', 'one'],
    ['app/2', 'two'],
  ]);
});

test('snapshot.hcl is enough for snapshots; what a backup of keys needs is not', async () => {
  const take = async (token: string): Promise<number> => {
    const store = openConsulSnapshots({ addresses: [consul.address], token, consistency: 'consistent' });
    try {
      const reading = await store.snapshot(new AbortController().signal);
      for await (const chunk of reading.bytes) expect(chunk.length).toBeGreaterThan(0);
      expect(reading.store.version).toBe(consulTool.version);
      return reading.facts().records;
    } finally {
      await store.close();
    }
  };
  await expect(take(await tokenFor('keys-alone', 'backup.hcl'))).rejects.toThrow(
    /ermission denied.*needs `acl = "write"`/,
  );
  expect(await take(await tokenFor('snapshot.hcl'))).toBeGreaterThan(0);
});
