import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findOrBuild } from '../../services/cache/find.ts';
import { run } from '../../services/cache/command.ts';
import { etcd, etcdctl, startEtcd } from '../../services/etcd.ts';
import { freePorts } from '../../services/ports.ts';
import { startServer, type RunningServer } from '../../services/server.ts';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { prepareSnapshots } from '../stores/etcd/snapshot-file.ts';
import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup, storeSnapshot } from './backups.ts';
import { holdfast, type Ran } from './fake-io.ts';

/** A cluster that is lost, and a storage: no Temporal, no configuration. */
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let temporary: TemporaryStorage;
let snapshot: string;
let identityFile: string;
let sourceHash: string;
const id = idOf(5);
const revision = 8;

beforeAll(async () => {
  place = await prepareSnapshots();
  temporary = await openTemporary();
  const server = await startEtcd();
  try {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await server.ctl('put', name, `value of ${name}`);
    await server.ctl('del', 'c');
    const lease = /lease (\w+)/.exec(await server.ctl('lease', 'grant', '600'))?.[1] ?? '';
    await server.ctl('put', `--lease=${lease}`, 'leased', 'value');
    sourceHash = hashIn(await server.ctl('endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json'));
    snapshot = await place.save(server);
  } finally {
    await server.stop();
  }
  const facts = { file: snapshot, revision: String(revision), records: 5 };
  await storeSnapshot(temporary.storage, 'etcd', id, facts);
  const identity = await generateIdentity();
  identityFile = join(place.folder, 'key.txt');
  await writeFile(identityFile, `${identity}\n`);
  await storeSnapshot(temporary.storage, 'sealed', id, facts, [await identityToRecipient(identity)]);
  await storeBackup(temporary.storage, 'keys', id, [record('key', 'value')]);
});
afterAll(async () => {
  await temporary.cleanup();
  await place.remove();
});

function hashIn(json: string): string {
  return /"hash":(\d+)/.exec(json)?.[1] ?? json;
}

function worstDay(...args: readonly string[]): Promise<Ran> {
  return holdfast([...args, '--storage', `file://${temporary.path}`]);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

interface Printed {
  readonly dataDir: string;
  readonly revisionAfter: string;
  readonly runBook: readonly { readonly title: string; readonly commands: readonly string[] }[];
}

describe('restore --to-data-dir', () => {
  test('without a bump, the new etcd has the very keyspace of the lost one', async () => {
    const dataDir = place.fresh('data');
    const ran = await worstDay('restore', 'etcd', '--to-data-dir', dataDir, '--no-bump-revision');
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.text).toContain('Restart every client.');
    expect(await readdir(dataDir)).toEqual(['member']);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const server = await startEtcd({ dataDir });
    try {
      const answer = await server.ctl('endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json');
      expect(hashIn(answer)).toBe(sourceHash);
    } finally {
      await server.stop();
    }
  });

  test('as a rule, revisions go on far above, and those before count as compacted', async () => {
    const dataDir = place.fresh('data');
    const ran = await worstDay('restore', 'etcd', id, '--to-data-dir', dataDir, '--json');
    expect(ran).toMatchObject({ exit: 0 });
    const { revisionAfter } = JSON.parse(ran.text) as Printed;
    expect(revisionAfter).toBe('1000000008');
    const server = await startEtcd({ dataDir });
    try {
      const got = await server.ctl('get', 'a', '--write-out=json');
      expect(/"revision":(\d+)/.exec(got)?.[1]).toBe(revisionAfter);
      await expect(server.ctl('get', 'a', `--rev=${revision}`)).rejects.toThrow('has been compacted');
      expect(await server.ctl('get', '', '--from-key', '--keys-only')).toBe('a\n\nb\n\nd\n\ne\n\nleased\n');
    } finally {
      await server.stop();
    }
  });

  test('three members from one file, by the commands that it prints', async () => {
    const [a = 0, b = 0, c = 0, ...clients] = await freePorts(6);
    const peers = { m1: a, m2: b, m3: c };
    const urls = Object.entries(peers).map(([name, port]) => [name, `http://127.0.0.1:${port}`] as const);
    const cluster = urls.map(([name, url]) => `${name}=${url}`).join(',');
    const dataDir = place.fresh('m1');
    const options = ['--name', 'm1', '--initial-cluster', cluster, '--json'];
    const ran = await worstDay('restore', 'etcd', '--to-data-dir', dataDir, ...options);
    expect(ran.exit).toBe(0);
    const commands = (JSON.parse(ran.text) as Printed).runBook.flatMap((step) => step.commands);
    const dataDirs = new Map([['m1', dataDir]]);
    for (const command of commands) {
      const words = command.split(' ');
      if (words[0] === 'holdfast') {
        const { exit } = await holdfast([...words.slice(1, -1), join(place.folder, words.at(-1) ?? '')]);
        expect(exit).toBe(0);
      } else if (words[0] === 'etcdutl') {
        const name = words[words.indexOf('--name') + 1] ?? '';
        // All three are on one machine here, so each has to have a directory of its own.
        dataDirs.set(name, place.fresh(name));
        const here = words.map((word) => (word === dataDir ? (dataDirs.get(name) ?? '') : word));
        await run(here, { cwd: place.folder });
      }
    }
    expect([...dataDirs.keys()]).toEqual(['m1', 'm2', 'm3']);

    const ctl = await findOrBuild(etcdctl);
    const program = await findOrBuild(etcd);
    const endpoints = clients.map((port) => `http://127.0.0.1:${port}`);
    const ask = (...words: readonly string[]) =>
      run([ctl, `--endpoints=${endpoints.join(',')}`, ...words], { cwd: place.folder });
    const starting = urls.map(([name, url], index) =>
      startServer({
        name,
        address: endpoints[index] ?? '',
        command: [
          ...[program, `--name=${name}`, `--data-dir=${dataDirs.get(name) ?? ''}`, '--log-level=warn'],
          ...[`--listen-peer-urls=${url}`, `--initial-advertise-peer-urls=${url}`],
          ...[
            `--listen-client-urls=${endpoints[index] ?? ''}`,
            `--advertise-client-urls=${endpoints[index] ?? ''}`,
          ],
        ],
        ready: async () => {
          await run([ctl, `--endpoints=${endpoints[index] ?? ''}`, 'endpoint', 'health'], { cwd: '/' });
        },
      }),
    );
    const members = (await Promise.allSettled(starting)).flatMap((one): RunningServer[] =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    try {
      expect(members).toHaveLength(3);
      expect(await ask('member', 'list')).toMatch(/started, m\d, .*\n.*started, m\d, .*\n.*started, m\d/);
      await ask('put', 'new', 'life');
      const hashes = (await ask('endpoint', 'hashkv', '--write-out=json')).match(/"hash":\d+/g) ?? [];
      expect(new Set(hashes).size).toBe(1);
      expect(hashes).toHaveLength(3);
      expect(await ask('get', 'a', '--print-value-only')).toBe('value of a');
    } finally {
      await Promise.all(members.map((member) => member.stop()));
    }
  });

  test('an encrypted one needs its identity, and nothing is left where that is missing', async () => {
    const dataDir = place.fresh('data');
    const without = await worstDay('restore', 'sealed', '--to-data-dir', dataDir);
    expect(without).toMatchObject({ exit: 3, text: '' });
    expect(await isThere(dataDir)).toBe(false);
    const identity = ['--identity', identityFile];
    expect(await worstDay('restore', 'sealed', '--to-data-dir', dataDir, ...identity)).toMatchObject({
      exit: 0,
    });
  });

  test('of a damaged archive nothing is left, also where the directory was there', async () => {
    const file = join(temporary.path, 'etcd', id, 'snapshot.db.zst');
    const whole = await readFile(file);
    const bytes = Buffer.from(whole);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(file, bytes);
    try {
      const [made, found] = [place.fresh('made'), place.fresh('found')];
      await mkdir(found);
      for (const dataDir of [made, found]) {
        const ran = await worstDay('restore', 'etcd', '--to-data-dir', dataDir);
        expect(ran).toMatchObject({ exit: 3, text: '' });
        expect(ran.stderr).toContain('(ArchiveCorrupt)');
      }
      expect(await isThere(made)).toBe(false);
      expect(await readdir(found)).toEqual([]);
      const output = join(place.folder, 'damaged.db');
      expect(await worstDay('fetch', 'etcd', '--output', output)).toMatchObject({ exit: 3 });
      expect(await isThere(output)).toBe(false);
      expect((await readdir(place.folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    } finally {
      await writeFile(file, whole);
    }
  });

  test.each([
    ['a directory with something in it', 'etcd', () => [place.folder], 2, 'is not empty ('],
    ['a backup of keys', 'keys', () => [place.fresh('data')], 2, 'holdfast restore keys'],
    ['a name outside the cluster', 'etcd', () => [place.fresh('data'), '--name', 'm9'], 2, '"m9" (--name)'],
    [
      'a cluster that cannot be read',
      'etcd',
      () => [place.fresh('data'), '--initial-cluster', 'm1'],
      2,
      'm1=https',
    ],
    ['a mode', 'etcd', () => [place.fresh('data'), '--mode', 'mirror'], 2, '--mode does not go with'],
    ['no backup of that id', 'etcd', () => [place.fresh('data')], 3, 'Nearest', '20200101T000000Z'],
  ])('%s is refused, and nothing is made', async (_what, job, words, exit, text, which = 'latest') => {
    const [dataDir = '', ...more] = words();
    const before = await readdir(place.folder);
    const ran = await worstDay('restore', job, which, '--to-data-dir', dataDir, ...more);
    expect({ exit: ran.exit, text: ran.text }).toEqual({ exit, text: '' });
    expect(ran.stderr).toContain(text);
    expect(await readdir(place.folder)).toEqual(before);
  });

  test('without etcdutl on the PATH it says what is missing; a member without a directory is a mistake', async () => {
    const path = process.env.PATH;
    try {
      process.env.PATH = '/nowhere';
      const ran = await worstDay('restore', 'etcd', '--to-data-dir', place.fresh('data'));
      expect(ran.exit).toBe(2);
      expect(ran.stderr).toContain('`etcdutl` is needed to make a data directory');
    } finally {
      process.env.PATH = path;
    }
    const ran = await holdfast(['restore', 'etcd', '--name', 'm1']);
    expect(ran.stderr).toContain('--name goes with --to-data-dir');
  });
});

describe('fetch', () => {
  test('gives the very file, to its owner alone, and never takes the place of another', async () => {
    const output = join(place.folder, 'fetched.db');
    const ran = await worstDay('fetch', 'etcd', '--output', output);
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.text).toContain(`holdfast restore etcd ${id} --to-data-dir`);
    expect(await readFile(output)).toEqual(await readFile(snapshot));
    expect((await stat(output)).mode & 0o777).toBe(0o600);

    await writeFile(output, 'precious');
    expect(await worstDay('fetch', 'etcd', '--output', output)).toMatchObject({ exit: 2, text: '' });
    expect(await readFile(output, 'utf8')).toBe('precious');
    const forced = await worstDay('fetch', 'etcd', '--output', output, '--force', '--json');
    expect(JSON.parse(forced.text)).toMatchObject({
      file: output,
      format: 'snapshot.db',
      bytes: (await stat(snapshot)).size,
    });
    expect(await readFile(output)).toEqual(await readFile(snapshot));
  });

  test('gives records as `cat` does', async () => {
    const output = join(place.folder, 'fetched.ndjson');
    expect(await worstDay('fetch', 'keys', '--output', output)).toMatchObject({ exit: 0 });
    expect(await readFile(output, 'utf8')).toBe((await worstDay('cat', 'keys')).text);
  });

  test('says where it cannot write', async () => {
    const ran = await worstDay('fetch', 'etcd', '--output', join(place.folder, 'nowhere', 'file'));
    expect(ran).toMatchObject({ exit: 2, text: '' });
    expect(ran.stderr).toContain(`${dirname(join(place.folder, 'nowhere', 'file'))}/file cannot be written`);
  });
});
