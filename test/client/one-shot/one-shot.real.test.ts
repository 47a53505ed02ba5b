import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type ConsulServer, startConsul } from '../../../services/consul.ts';
import { freePorts } from '../../../services/ports.ts';
import { type S3Server, startS3 } from '../../../services/s3.ts';
import { askConsul, fillConsul, listConsul } from '../../stores/plain-consul.ts';
import { holdfast } from '../fake-io.ts';

const bucket = 'adsabs-consul-backups';

let consul: ConsulServer;
let s3: S3Server;
let client: S3Client;
let scratch: string;
let before: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  [consul, s3] = await Promise.all([startConsul(), startS3({ buckets: [bucket] })]);
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-once-'));
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  before = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  process.env['AWS_ACCESS_KEY_ID'] = s3.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.secretAccessKey;
  client = new S3Client({ endpoint: s3.address, region: s3.region, forcePathStyle: true });
});
afterAll(async () => {
  Object.assign(process.env, before);
  client.destroy();
  await Promise.all([consul.stop(), s3.stop()]);
  await rm(scratch, { recursive: true });
});
beforeEach(() => fill({ key1: 'value1', key2: 'value2' }, '7'));
afterEach(async () => expect(await readdir(scratch)).toEqual([]));

async function fill(keys: Readonly<Record<string, string>>, flags = '0'): Promise<void> {
  await askConsul(consul.address, 'DELETE', '/v1/kv/?recurse');
  const records = Object.entries(keys).map(([key, value]) => ({
    ...{ key: Buffer.from(key), value: Buffer.from(value), attributes: { flags } },
  }));
  await fillConsul(consul.address, records);
}

async function contents() {
  const entries = await listConsul(consul.address);
  return entries.map(({ key, value, flags }) => [key, Buffer.from(value ?? '', 'base64').toString(), flags]);
}

function once(more: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(consul.address);
  const env = {
    ...{ CONSUL_HOST: hostname, CONSUL_PORT: port, S3_BACKUP_FOLDER: bucket, TMP_DIR: scratch },
    ...{ AWS_ENDPOINT_URL: s3.address, AWS_REGION: s3.region },
    ...more,
  };
  return holdfast(['one-shot'], { env });
}

async function names(prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return Contents.map(({ Key = '' }) => Key);
}

const original = [
  ['key1', 'value1', '7'],
  ['key2', 'value2', '7'],
];

describe('FORMAT=consulate', () => {
  const consulate = { FORMAT: 'consulate' };

  test('14, 15: BACKUP_FILE=x VERSION=y is the object x.y.json, in the rows of consulate', async () => {
    const { exit, text } = await once({ ...consulate, ACTION: 'backup', BACKUP_FILE: 'x', VERSION: 'y' });
    expect({ exit, text }).toMatchObject({
      exit: 0,
      text: expect.stringMatching(/^backup: s3:\/\/.*\/x\.y\.json/) as unknown,
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'x.y.json' }));
    expect(await Body?.transformToString()).toBe('[["key1", 7, "value1"], ["key2", 7, "value2"]]\n');
  });

  test('15: two runs on one day do not overwrite each other', async () => {
    for (let run = 0; run < 2; run++) {
      expect(await once({ ...consulate, BACKUP_FILE: 'day' })).toMatchObject({ exit: 0 });
    }
    const found = await names('day.');
    expect(found).toHaveLength(2);
    for (const name of found) expect(name).toMatch(/^day\.\d{4}-\d\d-\d\d(-\d\d-\d\d-\d\d)?\.json$/);
  });

  test('10, 11: a restore keeps what is there; with OVERWRITE it changes value and flags', async () => {
    expect(await once({ ...consulate, BACKUP_FILE: 'r', VERSION: '1' })).toMatchObject({ exit: 0 });
    const restore = { ...consulate, ACTION: 'restore', BACKUP_FILE: 'r', RESTORE_ID: '1' };
    await fill({ key1: 'oops', other: 'other' });
    expect(await once({ ...restore, OVERWRITE: 'False' })).toMatchObject({
      exit: 0,
      text: expect.stringContaining('1 keys added, 0 changed') as unknown,
    });
    const kept = [
      ['key1', 'oops', '0'],
      ['key2', 'value2', '7'],
      ['other', 'other', '0'],
    ];
    expect(await contents()).toEqual(kept);
    expect(await once({ ...restore, OVERWRITE: 'true' })).toMatchObject({ exit: 0 });
    expect(await contents()).toEqual([...original, ['other', 'other', '0']]);
    expect((await names('consul/')).filter((name) => name.endsWith('/manifest.json'))).toHaveLength(1);
  });

  test('12: of three, the one that is named, or the latest; an unknown one is exit code 2, and nothing is written', async () => {
    for (const version of ['3', '1', '2']) {
      const row = JSON.stringify([['which', 0, version]]);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `three.${version}.json`, Body: row }));
      // Times of objects are to the second.
      await new Promise((resolve) => setTimeout(resolve, 1100));
    }
    const restore = { ...consulate, ACTION: 'restore', BACKUP_FILE: 'three' };
    for (const [RESTORE_ID, version] of [
      ['1', '1'],
      ['latest', '2'],
      ['3', '3'],
    ] as const) {
      await fill({ key: 'there' });
      expect(await once({ ...restore, RESTORE_ID })).toMatchObject({ exit: 0 });
      expect(await contents()).toEqual([
        ['key', 'there', '0'],
        ['which', version, '0'],
      ]);
    }
    await fill({ key: 'there' });
    const { exit, stderr } = await once({ ...restore, RESTORE_ID: '4' });
    expect({ exit, stderr }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('three.4.json is not there') as unknown,
    });
    expect(await contents()).toEqual([['key', 'there', '0']]);
  });

  test('a value that is no text is exit code 2, and no object', async () => {
    await fillConsul(consul.address, [{ key: Buffer.from('bin'), value: Buffer.from([0xff]) }]);
    const { exit, stderr } = await once({ ...consulate, BACKUP_FILE: 'binary', VERSION: '1' });
    expect({ exit, stderr }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('cannot hold "bin"') as unknown,
    });
    expect(await names('binary')).toEqual([]);
  });
});

describe('13: backups of Holdfast', () => {
  test('without ACTION a backup; ACTION=restore brings it back; both without Temporal', async () => {
    const { exit, text } = await once({});
    expect(exit).toBe(0);
    const [, id = ''] = /\/consul\/(\w+)\/manifest\.json/.exec(text) ?? [];
    await fill({ key1: 'oops' });
    expect(await once({ ACTION: 'restore', RESTORE_ID: id, OVERWRITE: 'yes' })).toMatchObject({ exit: 0 });
    expect(await contents()).toEqual(original);
    expect(await once({ ACTION: 'restore', RESTORE_ID: '20200101T000000Z' })).toMatchObject({ exit: 2 });
  });
});

test('2: where Consul does not answer, no object is written, and the message names the address', async () => {
  const [closed = 0] = await freePorts(1);
  for (const FORMAT of ['consulate', 'holdfast']) {
    const { exit, stderr } = await once({
      FORMAT,
      CONSUL_PORT: String(closed),
      BACKUP_FILE: 'away',
      VERSION: '1',
    });
    expect(exit).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${closed}`);
  }
  expect(await names('away')).toEqual([]);
});

test('6: where S3 refuses, exit code 2', async () => {
  const { exit, stderr } = await once({ FORMAT: 'consulate', S3_BACKUP_FOLDER: 'no-such-bucket' });
  expect({ exit, stderr }).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('s3://no-such-bucket/') as unknown,
  });
});
