import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { findBackup } from '../../storage/find.ts';
import { openDirectory } from '../../storage/directory/directory.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backinatorFile } from '../formats/files.ts';
import { hostileTree } from '../stores/hostile.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
  await mkdir(join(folder, 'backups'));
  const identity = await generateIdentity();
  await writeFile(join(folder, 'key.txt'), identity);
  const recipients = [await identityToRecipient(identity)];
  const address = 'http://127.0.0.1:1';
  const settings = {
    storages: { main: { directory: { path: './backups' } } },
    jobs: {
      consul: { storage: 'main', consul: { address, token: '${NOT_SET}' } },
      part: { storage: 'main', consul: { address, prefix: 'app/' } },
      sealed: {
        storage: 'main',
        consul: { address },
        encrypt: { recipients, identity_files: ['./key.txt'] },
      },
      etcd: { storage: 'main', etcd: { endpoints: [address], mode: 'keys' } },
    },
  };
  await writeFile(join(folder, 'holdfast.yaml'), JSON.stringify(settings));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: readonly string[]) =>
  holdfast(args, { env: { HOLDFAST_CONFIG: join(folder, 'holdfast.yaml') } });
const storage = () => openDirectory({ path: join(folder, 'backups') });

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await utimes(path, new Date('2015-10-21T07:28:00Z'), new Date('2015-10-21T07:28:00Z'));
  return path;
}

async function imported(job: string, ...args: readonly string[]): Promise<Manifest> {
  const { exit, text, stderr } = await run('import', job, ...args, '--json');
  expect({ exit, stderr: stderr.replace(/^reading.*\n|^verifying.*\n/gm, '') }).toEqual({
    exit: 0,
    stderr: '',
  });
  return (await findBackup(storage(), job, (JSON.parse(text) as Manifest).id)).manifest;
}

const rows = '[["key1", 0, "value1"], ["app/x", 18446744073709551615, "aGVsbG8="]]\n';

describe('holdfast import', () => {
  test('15: an object of adsabs/consul-backup becomes a backup as every other', async () => {
    const path = await file('adsabs_consul_kv.2015-10-21.json', rows);
    const { exit, text } = await run('import', 'consul', path, '--no-base64');
    expect(exit).toBe(0);
    const [, id = ''] = /is now backup (\S+) of consul: 2 keys, 23 B of keys and values\./.exec(text) ?? [];
    const { manifest } = await findBackup(storage(), 'consul', id);
    expect(manifest).toMatchObject({
      reason: 'import',
      store: { kind: 'consul', version: 'unknown', address: path, details: { format: 'consulate' } },
      scope: { prefix: '' },
      moment: { index: '0', consistency: 'unknown' },
      content: { records: 2 },
      capturedAt: '2015-10-21T07:28:00.000Z',
    });
    expect((await run('verify', 'consul', id)).exit).toBe(0);
    expect((await run('inspect', 'consul', id, '--key', 'app/x', '--values')).text).toBe('aGVsbG8=');
    expect((await run('list', 'consul')).text).toMatch(new RegExp(`${id}.* import `));
    expect((await run('show', 'consul', id)).text).toContain('index 0, unknown');
  });

  test('`latest` never means an imported one, and retention leaves it alone', async () => {
    const { id } = await imported('consul', await file('f', rows), '--no-base64');
    await expect(findBackup(storage(), 'consul', 'latest')).rejects.toMatchObject({ code: 'BackupNotFound' });
    const real = await storeBackup(storage(), 'consul', idOf(60), [record('a', 'x')]);
    expect((await findBackup(storage(), 'consul', 'latest')).id).toBe(real.id);
    expect((await run('prune', 'consul')).text).toContain('imported by hand');
    expect((await findBackup(storage(), 'consul', id)).id).toBe(id);
  });

  test('several in one second have ids of their own, none of a full minute', async () => {
    const path = await file('f', rows);
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) ids.push((await imported('consul', path, '--no-base64')).id);
    expect(new Set(ids).size).toBe(4);
    expect(ids.filter((id) => id.endsWith('00Z'))).toEqual([]);
  });

  test('is encrypted where the job says so, and read back', async () => {
    const { recipients, objects } = await imported('sealed', await file('f', rows), '--no-base64');
    expect(recipients).toHaveLength(1);
    expect(objects).toMatchObject([{ encryption: 'age' }]);
    const stored = await readFile(join(folder, 'backups/sealed', objects[0]?.name ?? ''));
    expect(stored.includes('value1')).toBe(false);
  });

  test('of consul-backinator, with the passphrase in a file and the signature beside', async () => {
    const json =
      '[{"Key":"a","CreateIndex":1,"ModifyIndex":7,"LockIndex":0,"Flags":3,"Value":"eA==","Session":""}]';
    const { file: sealed, signature } = backinatorFile(json, 'open sesame');
    const path = await file('consul.bak', sealed);
    await file('consul.bak.sig', signature);
    await file('pass', 'open sesame\n');
    const { moment, store } = await imported('consul', path, '--passphrase-file', join(folder, 'pass'));
    expect({ moment, details: store.details }).toEqual({
      moment: { index: '7', consistency: 'unknown' },
      details: { format: 'consul-backinator' },
    });
  });

  test('52: a dump of etcd-backup tells what of it does not come back', async () => {
    const dump =
      '[{"key":"/a","value":"x"},{"key":"/empty"},{"key":"/old","value":"y","expiration":"2014-01-01T00:00:00Z"}]tail';
    const path = await file('dump.json', dump);
    expect(await run('import', 'etcd', path)).toMatchObject({ exit: 3 });
    const { text } = await run('import', 'etcd', path, '--ignore-trailing');
    expect(text).toContain('of etcd: 1 key, 3 B of keys and values.');
    expect(text).toContain('  1 key: an empty directory, which etcd 3 does not have (/empty)\n');
    expect(text).toContain('  1 key: expired before it was imported (/old)\n');
  });

  describe('a snapshot of Consul', () => {
    /** One that a real Consul 1.22 gave. */
    const golden = async () =>
      zstdDecompressSync(await readFile(new URL('../archive/golden/consul-1.snap.zst', import.meta.url)));

    test('is stored as it is, encrypted, with what is in it counted, and proven by its own SHA256SUMS', async () => {
      const path = await file('backup.snap', await golden());
      const manifest = await imported('sealed', path);
      expect(manifest).toMatchObject({
        reason: 'import',
        store: { kind: 'consul', version: 'unknown', address: path, details: { format: 'consul-snapshot' } },
        scope: { prefix: '' },
        moment: { index: manifest.consul?.index, consistency: 'point-in-time' },
        content: { records: manifest.consul?.counts['keys'], bytes: (await golden()).length },
        objects: [{ format: 'consul.snap', encryption: 'age' }],
        checks: [{ name: 'SHA256SUMS', outcome: 'equal' }],
        capturedAt: '2015-10-21T07:28:00.000Z',
      });
      expect(manifest.content.records).toBeGreaterThan(0);
      const { text } = await run('import', 'sealed', path);
      expect(text).toMatch(/\(consul-snapshot\) is now backup \S+ of sealed: \d+ keys?, .* of snapshot\.\n/);
    });

    test('8: is looked into, and written for other tools, without a Consul', async () => {
      const { id, content } = await imported('sealed', await file('backup.snap', await golden()));
      const listed = await run('inspect', 'sealed', id, '--json');
      expect(listed).toMatchObject({
        exit: 0,
        stderr: expect.stringContaining('every digest is right') as unknown,
      });
      const keys = listed.text.trimEnd().split('\n');
      expect(keys).toHaveLength(content.records);
      const part = await run('inspect', 'sealed', id, '--prefix', 'app/', '--json');
      expect(part.text.trimEnd().split('\n')).toEqual(keys.filter((line) => line.startsWith('{"key":"app/')));

      const lines = (await run('cat', 'sealed', id)).text.trimEnd().split('\n');
      const exported = await run('export', 'sealed', id, '--format', 'consul-kv-export');
      expect(exported).toMatchObject({ exit: 0 });
      const names = (rows: readonly unknown[]) => rows.map((row) => (row as { key: string }).key);
      expect(names(JSON.parse(exported.text) as unknown[])).toEqual(
        names(lines.map((line) => JSON.parse(line) as unknown)),
      );
      expect(lines).toHaveLength(content.records);
    });

    test.each([
      ['without `encrypt`, since it holds secrets', 'consul', [], 'holds the secrets of all ACL tokens'],
      ['for another store', 'etcd', [], 'is of consul (consul-snapshot), and job etcd stands for etcd'],
      ['in parts', 'sealed', ['--prefix', 'app/'], 'is a snapshot, which is kept whole'],
    ])('is not imported %s', async (_what, job, args, why) => {
      const ran = await run('import', job, await file('backup.snap', await golden()), ...args);
      expect(ran).toMatchObject({ exit: 2, text: '' });
      expect(ran.stderr).toContain(why);
      await expect(stat(join(folder, 'backups', job))).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  test('a snapshot of etcd needs the programs of etcd, and says so before it stores anything', async () => {
    const snapshot = zstdDecompressSync(
      await readFile(new URL('../archive/golden/snapshot-1.db.zst', import.meta.url)),
    );
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      const ran = await run('import', 'etcd', await file('snapshot.db', snapshot));
      expect(ran).toMatchObject({ exit: 2, text: '' });
      expect(ran.stderr).toContain('to read what is in an etcd snapshot');
    } finally {
      process.env.PATH = path;
    }
    await expect(stat(join(folder, 'backups/etcd'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['a base64 that is not said', 'consul', rows, [], 2, 'say --base64 if it was made with -b'],
    [
      'a file of another store',
      'etcd',
      rows,
      ['--no-base64'],
      2,
      'is of consul (consulate), and job etcd stands for etcd',
    ],
    ['an unknown format', 'consul', '[1]', [], 2, 'its first row is of none of the formats'],
    [
      'a wrong format',
      'consul',
      rows,
      ['--format', 'consul-recurse'],
      3,
      'row 1 is not as the format has it',
    ],
    ['no keys', 'consul', '[]', ['--format', 'consul-recurse'], 1, 'holds no keys'],
    [
      'keys outside of the job',
      'part',
      rows,
      ['--no-base64'],
      2,
      '1 keys that do not start with "app/", such as "key1"',
    ],
    ['a duplicate', 'consul', '[["a",0,"x"],["a",0,"y"]]', ['--no-base64'], 3, 'has the key "a" twice'],
  ])('refuses %s, and stores nothing', async (_what, job, content, args, exit, why) => {
    const ran = await run('import', job, await file('f', content), ...args);
    expect(ran).toMatchObject({ exit, text: '' });
    expect(ran.stderr).toContain(why);
    await expect(stat(join(folder, 'backups', job))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('--prefix says which keys the file stands for', async () => {
    const { scope } = await imported('part', await file('f', rows), '--no-base64', '--prefix', '');
    expect(scope).toEqual({ prefix: '' });
  });

  test.each([
    [['import', 'consul', 'nowhere.json'], 'nowhere.json cannot be read: ENOENT'],
    [['import', 'consul', 's3://bucket'], 's3://bucket names no object: expected s3://bucket/key'],
    [['import', 'consul', 's3://buc-ket/k?colour=1'], 's3://buc-ket/k?colour=1: unknown parameter "colour"'],
    [['import', 'nosuch', 'f'], 'There is no job "nosuch"'],
    [['restore', 'consul', 'before:2026-01-01', '--from', 'f', '--yes'], 'Either a backup or --from'],
  ])('%j is refused', async (args, why) => {
    const { exit, stderr } = await run(...args);
    expect(exit).toBe(2);
    expect(stderr).toContain(why);
  });
});

describe('holdfast export', () => {
  const tree = hostileTree.map(({ key, value }, index) =>
    record(key, value, index === 0 ? '18446744073709551615' : '7'),
  );

  test.each([
    ['consul-kv-export', [], []],
    ['consulate', ['--base64'], ['--base64']],
  ])('what %s holds comes back by import, bit for bit', async (format, exporting, importing) => {
    const original = await storeBackup(storage(), 'consul', idOf(5), tree);
    const output = join(folder, 'out.json');
    const { exit, text, stderr } = await run(
      'export',
      'consul',
      '--format',
      format,
      ...exporting,
      '-o',
      output,
    );
    expect({ exit, text }).toEqual({ exit: 0, text: '' });
    expect(stderr).toMatch(/refuses or renames \d+ keys of these: /);
    expect((await stat(output)).mode & 0o777).toBe(0o600);
    const { content } = await imported('consul', output, ...importing);
    expect(content.records).toBe(original.content.records);
    const wanted = await run('cat', 'consul', original.id);
    const found = await run('cat', 'consul', await newestImport());
    // kv export has no null: it writes the empty value for it.
    const plain = (text: string) =>
      text.replace(/,"meta":\{.*?\}\}$/gm, '}').replaceAll('"text":null', '"text":""');
    expect(plain(found.text)).toBe(plain(wanted.text));
  });

  async function newestImport(): Promise<string> {
    const { text } = await run('list', 'consul', '--json');
    const entries = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; reason: string });
    return entries.find(({ reason }) => reason === 'import')?.id ?? '';
  }

  test('consulate rows are as Python writes them', async () => {
    await storeBackup(storage(), 'consul', idOf(5), [
      record('caf\u00e9/\u{1f600}', '<\u0000\u007f"\\/\n>', '18446744073709551615'),
      record('folder/', null),
    ]);
    const { text, stderr } = await run('export', 'consul', '--format', 'consulate');
    expect(text).toBe(
      '[["caf\\u00e9/\\ud83d\\ude00", 18446744073709551615, "<\\u0000\\u007f\\"\\\\/\\n>"], ["folder/", 0, null]]\n',
    );
    expect(stderr).toContain('`consulate kv restore` refuses or renames 2 keys of these: café/😀, folder/.');
  });

  test('what a format cannot hold is refused and named, before anything is written', async () => {
    await storeBackup(storage(), 'consul', idOf(5), [
      record('app/binary', Buffer.from([0xff, 0])),
      record('app/text', 'x'),
      record(Buffer.from([0xff]), 'x'),
    ]);
    const output = join(folder, 'out.json');
    const refused = await run('export', 'consul', '--format', 'consulate', '-o', output);
    expect(refused).toMatchObject({ exit: 2, text: '' });
    expect(refused.stderr).toContain(
      '2 keys cannot be written as consulate: app/binary (the value is no text (--base64 writes every value as ' +
        'base64)), base64:/w== (the key is not UTF-8).',
    );
    await expect(stat(output)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await run('export', 'consul', '--format', 'consul-kv-export')).toMatchObject({
      exit: 2,
      text: '',
    });
  });

  test('an empty backup is an empty list; a backup of etcd is refused; the format must be said', async () => {
    await storeBackup(storage(), 'consul', idOf(5), []);
    expect((await run('export', 'consul', '--format', 'consul-kv-export')).text).toBe('[]\n');
    const store = { kind: 'etcd', version: '3.6.0', address: 'x', details: {} } as const;
    await storeBackup(storage(), 'etcd', idOf(5), [record('a', 'x')], [], { store });
    expect(await run('export', 'etcd', '--format', 'consulate')).toMatchObject({ exit: 2 });
    expect(await run('export', 'consul')).toMatchObject({ exit: 2 });
  });
});
