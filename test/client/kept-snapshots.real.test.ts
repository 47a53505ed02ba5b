import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { findOrBuild } from '../../services/cache/find.ts';
import { consul as consulTool } from '../../services/consul.ts';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import type { RestoreReport } from '../../workflows/contract/restore.ts';
import { hostileTree } from '../stores/hostile.ts';
import { prepareSnapshots } from '../stores/etcd/snapshot-file.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { type Rig, startRig } from '../workflows/rig.ts';
import { holdfast, type Ran } from './fake-io.ts';

/** Snapshots that the stores' own programs have kept as files. */
const run = promisify(execFile);
/** Without what is too large for a transaction: it is here to be filled in, not to be tested. */
const tree = hostileTree.filter(({ value }) => (value?.length ?? 0) < 300_000);

let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let etcd: EtcdServer;
let rig: Rig;
beforeAll(async () => {
  // The worker finds etcd's programs on the PATH.
  place = await prepareSnapshots();
  etcd = await startEtcd();
  const encrypt = { allow_plaintext: true };
  rig = await startRig({
    keys: { prefix: '', encrypt },
    part: { prefix: 'app/', encrypt },
    etcd: { prefix: '', etcd: { endpoints: [etcd.address], mode: 'keys' } },
    members: { prefix: '', etcd: { endpoints: [etcd.address] } },
  });
  await writeFile(join(place.folder, 'holdfast.yaml'), JSON.stringify(rig.settings));
});
afterAll(async () => {
  await rig.stop();
  await etcd.stop();
  await place.remove();
});

function command(...args: readonly string[]): Promise<Ran> {
  const env = {
    HOLDFAST_CONFIG: join(place.folder, 'holdfast.yaml'),
    TEMPORAL_ADDRESS: rig.temporal.address,
  };
  return holdfast(args, { env });
}

async function restored(...args: readonly string[]): Promise<RestoreReport> {
  const { exit, text, stderr } = await command('restore', ...args, '--yes', '--json');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  return JSON.parse(text) as RestoreReport;
}

/** A copy of a file with one bit of its middle changed. */
async function flipped(file: string): Promise<string> {
  const bytes = await readFile(file);
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(`${file}.flipped`, bytes);
  return `${file}.flipped`;
}

describe('of Consul', () => {
  const defaults = { Kind: 'service-defaults', Name: 'web', Protocol: 'http' };
  let file: string;
  let before: Awaited<ReturnType<typeof contents>>;

  const call = (method: string, path: string, body?: object) =>
    askConsul(rig.consul.address, method, path, body && JSON.stringify(body));

  async function contents() {
    const keys = await listConsul(rig.consul.address);
    return keys.map(({ key, value, flags }) => ({ key, value, flags }));
  }

  beforeAll(async () => {
    await fillConsul(rig.consul.address, [
      ...tree,
      { key: Buffer.from('app/one'), value: Buffer.from('1') },
      { key: Buffer.from('app/two'), value: Buffer.from('2') },
    ]);
    await call('PUT', '/v1/config', defaults);
    before = await contents();
    file = place.fresh('backup.snap');
    await run(await findOrBuild(consulTool), [
      ...['snapshot', 'save', `-http-addr=${rig.consul.address}`],
      file,
    ]);
  });

  beforeEach(async () => {
    await call('DELETE', '/v1/kv/?recurse');
    await fillConsul(rig.consul.address, [{ key: Buffer.from('app/one'), value: Buffer.from('spoilt') }]);
  });

  test('a job of keys gets the keys out of a file of `consul snapshot save`', async () => {
    const { outcome, plan } = await restored('keys', '--from', file, '--mode', 'mirror');
    expect(outcome).toBe('restored');
    expect(plan).toMatchObject({ change: 1, remove: 0 });
    expect(await contents()).toEqual(before);
  });

  test('a job of some keys gets those alone', async () => {
    const refused = await command('restore', 'part', '--from', file, '--yes');
    expect(refused).toMatchObject({ exit: 2 });
    expect(refused.stderr).toContain(
      'name prefix (such as "app/") to take a part of the backup, or toPrefix',
    );
    await restored('part', '--from', file, '--prefix', 'app/', '--mode', 'mirror');
    const names = (await contents()).map(({ key }) => key);
    expect(names.sort()).toEqual(
      before
        .map(({ key }) => key)
        .filter((key) => key.startsWith('app/'))
        .sort(),
    );
  });

  test('--whole replaces everything with an object in S3, which is stored as it is', async () => {
    const main = rig.config.storages.get('main');
    if (main?.kind !== 's3') throw new Error('the rig keeps backups in S3');
    const { bucket, endpoint = '', region = '', credentials } = main.s3;
    const client = new S3Client({
      ...{ endpoint, region, forcePathStyle: true },
      ...(credentials && { credentials }),
    });
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'old/x.snap', Body: await readFile(file) }),
    );
    client.destroy();
    process.env['AWS_ACCESS_KEY_ID'] = credentials?.accessKeyId ?? '';
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials?.secretAccessKey ?? '';
    await call('DELETE', '/v1/config/service-defaults/web');

    const address = `s3://${bucket}/old/x.snap?endpoint=${endpoint}&region=${region}&path_style=true`;
    const { outcome, plan, backup } = await restored('keys', '--from', address, '--whole');
    expect(outcome).toBe('restored');
    const lines = plan?.examples.map(({ op, kind = 'key', key = '' }) => `${op} ${kind} ${key}`);
    expect(lines).toContain('change key app/one');
    expect(await contents()).toEqual(before);
    expect(JSON.parse((await call('GET', '/v1/config/service-defaults/web')).text)).toMatchObject(defaults);

    const back = place.fresh('back.snap');
    expect(await command('fetch', 'keys', backup, '--output', back)).toMatchObject({ exit: 0 });
    expect((await readFile(back)).equals(await readFile(file))).toBe(true);
  });

  test('a file that is damaged, or cut off, is refused; nothing is stored', async () => {
    const stored = await rig.stored('keys');
    const cut = place.fresh('cut.snap');
    await writeFile(cut, (await readFile(file)).subarray(0, -100));
    for (const bad of [await flipped(file), cut]) {
      const { exit, stderr } = await command('import', 'keys', bad);
      expect({ exit, stderr }).toEqual({
        exit: 3,
        stderr: expect.stringContaining('FileRefused') as unknown,
      });
    }
    expect(await rig.stored('keys')).toEqual(stored);
  });
});

describe('of etcd', () => {
  let file: string;

  const list = () => etcd.ctl('get', '', '--from-key');
  beforeAll(async () => {
    for (const name of ['a', 'b', 'c']) await etcd.ctl('put', name, `value of ${name}`);
    await etcd.ctl('del', 'b');
    file = await place.save(etcd);
  });

  test('its keys come back into a living etcd, whatever the backups of the job are', async () => {
    const before = await list();
    for (const job of ['etcd', 'members']) {
      await etcd.ctl('put', 'a', 'spoilt');
      await etcd.ctl('put', 'new', 'new');
      await etcd.ctl('del', 'c');
      const { outcome, plan } = await restored(job, '--from', file, '--mode', 'mirror');
      expect(outcome).toBe('restored');
      expect(plan).toMatchObject({ add: 1, change: 1, remove: 1 });
      expect(await list()).toBe(before);
    }
  });

  test('a data directory is made of it', async () => {
    const before = await list();
    const dataDir = place.fresh('data');
    const ran = await command('restore', 'members', '--from', file, '--to-data-dir', dataDir);
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.text).toContain(`${dataDir} is restored: the data directory of default, from members `);
    const server = await startEtcd({ dataDir });
    try {
      expect(await server.ctl('get', '', '--from-key')).toBe(before);
    } finally {
      await server.stop();
    }
  });

  test('8: it is a backup as every other: read back, shown, looked into, drilled', async () => {
    const imported = await command('import', 'members', file, '--json');
    expect(imported).toMatchObject({ exit: 0 });
    const { id } = JSON.parse(imported.text) as { id: string };
    const revision = /"revision":(\d+)/.exec(await etcd.ctl('get', 'a', '--write-out=json'))?.[1] ?? '';
    const shown = (await command('show', 'members', id)).text;
    expect(shown).toMatch(/^ +content +2 live keys, .* of database$/m);
    expect(Number(/index (\d+), point-in-time/.exec(shown)?.[1])).toBeLessThanOrEqual(Number(revision));
    expect(await command('verify', 'members', id)).toMatchObject({
      exit: 0,
      text: expect.stringContaining(
        'HashKV not done: the file was imported, so no member was asked for its hash',
      ) as unknown,
    });
    expect(await command('inspect', 'members', id)).toMatchObject({
      exit: 0,
      text: 'FLAGS       SIZE  KEY\n              10  a\n              10  c\n',
    });
    const value = await command('inspect', 'members', id, '--key', 'a', '--values');
    expect(value).toMatchObject({ exit: 0, text: 'value of a' });
    expect((await command('cat', 'members', id, '--prefix', 'c')).text).toMatch(
      /^\{"key":"c","text":"value of c",.*\}\n$/,
    );
    const drilled = await command('drill', 'members', id, '--json');
    expect(drilled).toMatchObject({ exit: 0 });
    expect(JSON.parse(drilled.text)).toMatchObject({ outcome: 'proven', backup: id });
  });

  test('a file that is damaged is refused; nothing is stored', async () => {
    const stored = await rig.stored('members');
    const { exit, stderr } = await command('import', 'members', await flipped(file));
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringMatching(/holds a database with the SHA-256 [^]*FileRefused/) as unknown,
    });
    expect(await rig.stored('members')).toEqual(stored);
  });
});
