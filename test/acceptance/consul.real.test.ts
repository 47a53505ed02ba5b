import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { run } from '../../client/main.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import type { RestoreReport } from '../../workflows/contract/restore.ts';
import { fakeIo } from '../client/fake-io.ts';
import { fillConsul, listConsul } from '../stores/plain-consul.ts';
import { change, contents, type Rig, startRig } from '../workflows/rig.ts';

/**
 * What people wanted of a backup of Consul, item by item (docs/compatibility.md), the whole way: command line, Temporal,
 * worker, Consul, S3. The command line runs on another machine, so to say: its Consul is one that does not answer.
 */
const canary = 'a-secret-that-must-not-be-readable';
let folder: string;
let rig: Rig;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-acceptance-'));
  const [mine, other] = await Promise.all([generateX25519Identity(), generateX25519Identity()]);
  await writeFile(join(folder, 'mine.txt'), mine);
  await writeFile(join(folder, 'other.txt'), other);
  await mkdir(join(folder, 'backups'));
  const identity_files = [join(folder, 'mine.txt')];
  rig = await startRig(
    {
      many: { prefix: 'many/' },
      local: { prefix: 'local/', storage: 'local' },
      sealed: {
        prefix: 'sealed/',
        encrypt: { recipients: [await identityToRecipient(mine)], identity_files },
      },
      away: { prefix: '', consul: { address: 'http://127.0.0.1:1' }, deadline: '3s' },
      kept: { prefix: 'kept/' },
      three: { prefix: 'three/' },
    },
    { local: { directory: { path: join(folder, 'backups') } } },
  );
  const nowhere = JSON.stringify(rig.settings).replaceAll(rig.consul.address, 'http://127.0.0.1:1');
  await writeFile(join(folder, 'holdfast.yaml'), nowhere);
});

afterAll(async () => {
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
});

async function holdfast(...args: readonly string[]) {
  const env = {
    HOLDFAST_CONFIG: join(folder, 'holdfast.yaml'),
    TEMPORAL_ADDRESS: rig.temporal.address,
    HOME: folder,
  };
  const io = fakeIo({ env });
  const exit = await run(args, io);
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  return { exit, text: text(io.written.stdout), stderr: text(io.written.stderr) };
}

async function backup(job: string): Promise<BackupResult> {
  const { exit, text, stderr } = await holdfast('backup', job, '--json');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  return JSON.parse(text) as BackupResult;
}

async function restore(...args: readonly string[]): Promise<RestoreReport> {
  const { exit, text, stderr } = await holdfast('restore', ...args, '--yes', '--json');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  return JSON.parse(text) as RestoreReport;
}

async function manifestOf(job: string): Promise<Manifest> {
  return JSON.parse((await holdfast('show', job, '--json')).text) as Manifest;
}

describe('ten thousand keys', () => {
  let id: string;
  const keys = Array.from({ length: 10_000 }, (_, index) => ({
    key: Buffer.from(`many/${index}`),
    value: Buffer.from(randomUUID()),
    attributes: { flags: String(index) },
  }));

  beforeAll(async () => {
    await fillConsul(rig.consul.address, keys);
    ({ id } = await backup('many'));
  });

  test('3, 18: are all in the backup, which a command from elsewhere asked for', async () => {
    const { text } = await holdfast('cat', 'many');
    const records = text.trimEnd().split('\n');
    const found = records.map((line) => JSON.parse(line) as { key: { text: string }; flags: string });
    expect(found).toHaveLength(10_000);
  });

  test('4, 5: the manifest holds count and checksum, and the object in the bucket is that', async () => {
    const { content, objects } = await manifestOf('many');
    expect(content.records).toBe(10_000);
    const [object] = objects;
    const hash = createHash('sha256');
    for await (const chunk of rig.storage.get(`many/${object?.name ?? ''}`)) hash.update(chunk);
    expect(hash.digest('hex')).toBe(object?.storedSha256);
    expect(await rig.stored('many')).toContain(`many/${id}/manifest.json`);
  });

  test('8: keys, flags and sizes are shown, values only when they are asked for', async () => {
    const masked = await holdfast('inspect', 'many', '--prefix', 'many/1234');
    expect(masked.text).toMatch(/^ +1234 +36 {2}many\/1234$/m);
    const value = keys[1234]?.value.toString() ?? '';
    expect(masked.text).not.toContain(value);
    expect((await holdfast('inspect', 'many', '--key', 'many/1234', '--values')).text).toBe(value);
  });

  test('9: a deleted tree is restored with key, flags and value', async () => {
    const before = (await listConsul(rig.consul.address)).map(({ key, value, flags }) => [key, value, flags]);
    await fetch(`${rig.consul.address}/v1/kv/many/?recurse`, { method: 'DELETE' });
    expect(await contents(rig, 'many/')).toEqual({});
    await restore('many');
    const after = (await listConsul(rig.consul.address)).map(({ key, value, flags }) => [key, value, flags]);
    expect(after).toEqual(before);
  });
});

test('1, 2: a Consul that is not there fails the run, names its address, and leaves no object', async () => {
  const { exit, stderr } = await holdfast('backup', 'away');
  expect(exit).toBe(1);
  expect(stderr).toContain('http://127.0.0.1:1');
  expect(await rig.stored('away')).toEqual([]);
});

test('7: a directory serves in place of S3, its files are for their owner alone', async () => {
  await change(rig, { 'local/a': 'one' });
  const { id } = await backup('local');
  for (const name of ['manifest.json', 'records.ndjson.zst'])
    expect((await stat(join(folder, 'backups', 'local', id, name))).mode & 0o777).toBe(0o600);
  await change(rig, { 'local/a': null });
  await restore('local');
  expect(await contents(rig, 'local/')).toEqual({ 'local/a': 'one' });
});

test('10, 11: a restore keeps what is there; with --mode overwrite it changes that', async () => {
  await change(rig, { 'kept/key1': 'value1', 'kept/key2': 'value2' });
  await backup('kept');
  await change(rig, { 'kept/key1': 'oops', 'kept/key2': null });
  await restore('kept');
  expect(await contents(rig, 'kept/')).toEqual({ 'kept/key1': 'oops', 'kept/key2': 'value2' });
  await restore('kept', '--mode', 'overwrite');
  expect(await contents(rig, 'kept/')).toEqual({ 'kept/key1': 'value1', 'kept/key2': 'value2' });
});

test('12: of three backups the one that is named; one that is not there is refused', async () => {
  const ids: string[] = [];
  for (const text of ['first', 'second', 'third']) {
    await change(rig, { 'three/a': text });
    ids.push((await backup('three')).id);
  }
  await restore('three', ids[1] ?? '', '--mode', 'overwrite');
  expect(await contents(rig, 'three/')).toEqual({ 'three/a': 'second' });
  await restore('three', 'latest', '--mode', 'overwrite');
  expect(await contents(rig, 'three/')).toEqual({ 'three/a': 'third' });
  const { exit, stderr } = await holdfast('restore', 'three', '20200101T000000Z', '--yes');
  expect({ exit, stderr }).toEqual({
    exit: 3,
    stderr: expect.stringContaining('(BackupNotFound)') as string,
  });
  expect(await contents(rig, 'three/')).toEqual({ 'three/a': 'third' });
});

test('29: an encrypted backup shows nothing, and another key does not open it', async () => {
  await change(rig, { [`sealed/${canary}`]: canary });
  await backup('sealed');
  for (const name of await rig.stored('sealed')) {
    const bytes = Buffer.concat(await Array.fromAsync(rig.storage.get(name)));
    expect(bytes.includes(canary)).toBe(false);
  }
  expect((await holdfast('cat', 'sealed')).text).toContain(canary);

  const settings = await readFile(join(folder, 'holdfast.yaml'), 'utf8');
  await writeFile(join(folder, 'other.yaml'), settings.replace('mine.txt', 'other.txt'));
  const refused = await holdfast('cat', 'sealed', '--config', join(folder, 'other.yaml'));
  const stderr = expect.stringContaining('(DecryptFailed)') as string;
  expect(refused).toEqual({ exit: 3, text: '', stderr });
});
