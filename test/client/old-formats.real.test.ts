import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { findOrBuild } from '../../services/cache/find.ts';
import { consul as consulTool, startConsul } from '../../services/consul.ts';
import type { S3Settings } from '../../storage/settings.ts';
import { backinatorFile } from '../formats/files.ts';
import { hostileTree } from '../stores/hostile.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { type Rig, startRig } from '../workflows/rig.ts';
import { holdfast, type Ran } from './fake-io.ts';

const run = promisify(execFile);

/** Without what is too large for a transaction: it is here to be filled in, not to be tested. */
const tree = hostileTree
  .filter(({ value }) => (value?.length ?? 0) < 300_000)
  .map((record, index) => ({ ...record, attributes: { flags: index % 2 ? '18446744073709551615' : '0' } }));

let folder: string;
let rig: Rig;
let s3: S3Settings;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-old-'));
  program = await findOrBuild(consulTool);
  rig = await startRig({ consul: { prefix: '' } });
  const storage = rig.config.storages.get('main');
  if (storage?.kind !== 's3') throw new Error('the rig keeps backups in S3');
  s3 = storage.s3;
  const entry = {
    ...{ bucket: s3.bucket, endpoint: s3.endpoint, region: s3.region, path_style: true },
    access_key_id: s3.credentials?.accessKeyId,
    secret_access_key: s3.credentials?.secretAccessKey,
  };
  const settings = {
    storages: { main: { s3: entry } },
    jobs: { consul: { storage: 'main', consul: { address: rig.consul.address } } },
  };
  await writeFile(join(folder, 'holdfast.yaml'), JSON.stringify(settings));
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials?.accessKeyId ?? '';
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials?.secretAccessKey ?? '';
});

afterAll(async () => {
  await rig.stop();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  await askConsul(rig.consul.address, 'DELETE', '/v1/kv/?recurse');
  await fillConsul(rig.consul.address, tree);
});

function command(...args: readonly string[]): Promise<Ran> {
  const env = { HOLDFAST_CONFIG: join(folder, 'holdfast.yaml'), TEMPORAL_ADDRESS: rig.temporal.address };
  return holdfast(args, { env });
}

/** Key, value and flags of everything in Consul. */
async function contents(address = rig.consul.address) {
  return (await listConsul(address)).map(({ key, value, flags }) => ({ key, value, flags }));
}

async function spoil(): Promise<void> {
  await askConsul(rig.consul.address, 'DELETE', '/v1/kv/?recurse');
  await fillConsul(rig.consul.address, [
    { key: Buffer.from('app/x'), value: Buffer.from('spoilt') },
    { key: Buffer.from('new'), value: Buffer.from('new') },
  ]);
}

test('32: what curl kept of ?recurse comes back equal, through plan, approval and proof', async () => {
  const before = await contents();
  const file = join(folder, 'f.json');
  await writeFile(file, (await askConsul(rig.consul.address, 'GET', '/v1/kv/?recurse')).text);
  await spoil();
  const { exit, text, stderr } = await command(
    ...['restore', 'consul', '--from', file, '--mode', 'mirror', '--yes', '--json'],
  );
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  expect(JSON.parse(text)).toMatchObject({ outcome: 'restored', plan: { remove: 1, change: 1 } });
  expect(await contents()).toEqual(before);
});

test('an object of consul-backinator in S3 comes back, whatever its key', async () => {
  const before = await contents();
  const json = (await askConsul(rig.consul.address, 'GET', '/v1/kv/?recurse')).text;
  const { file, signature } = backinatorFile(json, 'open sesame');
  const client = new S3Client({
    endpoint: s3.endpoint ?? '',
    region: s3.region ?? '',
    forcePathStyle: true,
  });
  const key = 'old backups/größe+1 %20.bak';
  await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: file }));
  await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: `${key}.sig`, Body: signature }));
  client.destroy();
  await writeFile(join(folder, 'pass'), 'open sesame\n');
  await spoil();
  const address = `s3://${s3.bucket}/${key}?endpoint=${s3.endpoint ?? ''}&region=${s3.region ?? ''}&path_style=true`;
  const { exit, text, stderr } = await command(
    ...['restore', 'consul', '--from', address, '--passphrase-file', join(folder, 'pass')],
    ...['--mode', 'mirror', '--yes'],
  );
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  expect(stderr).toContain(`s3://${s3.bucket}/${key} (consul-backinator) is now backup`);
  expect(text).toContain('is restored from');
  expect(await contents()).toEqual(before);
});

describe('consul kv export and import, by the real program', () => {
  const http = (address: string) => `-http-addr=${address}`;

  test('a backup is written byte by byte as the program writes the store', async () => {
    const theirs = await run(program, ['kv', 'export', http(rig.consul.address)], { encoding: 'buffer' });
    expect(await command('backup', 'consul')).toMatchObject({ exit: 0 });
    const ours = await command('export', 'consul', '--format', 'consul-kv-export');
    expect(ours.exit).toBe(0);
    expect(ours.stdout.toString()).toBe(theirs.stdout.toString());
  });

  test('what the program wrote comes back by import', async () => {
    const before = await contents();
    const file = join(folder, 'export.json');
    await writeFile(file, (await run(program, ['kv', 'export', http(rig.consul.address)])).stdout);
    await spoil();
    const { exit, stderr } = await command('restore', 'consul', '--from', file, '--mode', 'mirror', '--yes');
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(await contents()).toEqual(before);
  });

  test('the program imports what it can name, and is told of the rest', async () => {
    const plain = [
      { key: Buffer.from('app/größe ✓<&>'), value: Buffer.from([0, 255]), attributes: { flags: '42' } },
      { key: Buffer.from('folder/'), value: Buffer.from('value') },
      { key: Buffer.from('q?x=1#y'), value: null },
    ];
    await askConsul(rig.consul.address, 'DELETE', '/v1/kv/?recurse');
    await fillConsul(rig.consul.address, plain);
    expect(await command('backup', 'consul')).toMatchObject({ exit: 0 });
    const file = join(folder, 'plain.json');
    const exported = await command('export', 'consul', '--format', 'consul-kv-export', '-o', file);
    expect(exported).toMatchObject({ exit: 0, stderr: '' });
    expect((await readFile(file, 'utf8')).startsWith('[\n\t{\n\t\t"key": ')).toBe(true);
    const empty = await startConsul();
    try {
      await run(program, ['kv', 'import', http(empty.address), `@${file}`]);
      expect(await contents(empty.address)).toEqual(await contents());
    } finally {
      await empty.stop();
    }
  });
});
