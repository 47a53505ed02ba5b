import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { publish } from '../../storage/publish.ts';
import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

const hostile = [
  record('', 'no key'),
  record(' lead', 'x'),
  record('__proto__', 'p'),
  record('app/cursor\u001b[2J', 'x'),
  record('app/empty', ''),
  record('app/flags', 'f', '18446744073709551615'),
  record('app/null', null),
  record('app/password', 'correct horse\nbattery'),
  record('app/right-to-\u202eleft', 'x'),
  record('apple', Buffer.from([0, 255, 10, 128])),
  record('größe/✓', 'ü'),
];

let temporary: TemporaryStorage;
let address: string;
let newest: string;
let identityFile: string;
const [old, unchanged] = [idOf(120), idOf(60)];

beforeAll(async () => {
  temporary = await openTemporary();
  address = `file://${temporary.path}`;
  newest = idOf(5);
  const { storage } = temporary;
  const first = await storeBackup(storage, 'consul', old, hostile);
  await storeBackup(storage, 'consul', newest, [...hostile, record('zebra', 'z')], [], { reason: 'manual' });
  await publish(storage, { ...first, id: unchanged, unchangedSince: old });

  const identity = await generateIdentity();
  identityFile = join(temporary.path, 'key.txt');
  await writeFile(identityFile, `# created today\n${identity}\n`);
  await storeBackup(storage, 'sealed', newest, hostile, [await identityToRecipient(identity)]);
});

afterAll(() => temporary.cleanup());

async function reading(...args: readonly string[]) {
  return holdfast([...args, '--storage', address]);
}

function jsonLines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('list', () => {
  test('shows the backups of a job, newest first', async () => {
    const { exit, text, stderr } = await reading('list', 'consul');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const [title, header, ...rows] = text.trimEnd().split('\n');
    expect(title).toBe(`consul  ${address}`);
    expect(header).toMatch(/^ID +AGE +REASON +RECORDS +SIZE +STORED +VERIFIED +DRILLED +UNCHANGED SINCE$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(
      new RegExp(`^${newest} +\\dm( \\d+s)? +manual +12 +\\d+ B +\\d+ B +[-0-9]+ [0-9:]+$`),
    );
    expect(rows[1]).toMatch(new RegExp(`^${unchanged} +(1h|60m|59m).* +schedule +11 .* 0 B .*${old}$`));
    expect(rows[2]).toContain(old);
  });

  test('gives one document a line with --json', async () => {
    const { text } = await reading('list', 'consul', '--json');
    expect(jsonLines(text)).toMatchObject([
      { job: 'consul', id: newest, state: 'published', reason: 'manual', records: 12, encrypted: false },
      { job: 'consul', id: unchanged, storedBytes: 0, unchangedSince: old },
      { job: 'consul', id: old, unchangedSince: null },
    ]);
  });

  test('shows all jobs of a storage where none is named', async () => {
    const { text } = await reading('list');
    expect(text.match(/^\S+(?= {2}file:)/gm)).toEqual(['consul', 'sealed']);
  });

  test('says that a job has no backups', async () => {
    expect(await reading('list', 'nothing')).toMatchObject({
      exit: 0,
      text: `nothing  ${address}\nNo backups yet.\n\n`,
    });
  });
});

describe('show', () => {
  test('shows the newest backup to people', async () => {
    const { exit, text } = await reading('show', 'consul');
    expect(exit).toBe(0);
    expect(text).toContain(
      `${address}/consul/${newest}/manifest.json\n  backup     ${newest} of consul (manual)\n`,
    );
    expect(text).toMatch(/^ {2}content {4}12 records, \d+ B of keys and values$/m);
    expect(text).toMatch(/^ {2}moment {5}index 18446744073709551615, point-in-time$/m);
  });

  test('gives the manifest byte by byte with --json', async () => {
    const { stdout } = await reading('show', 'consul', old, '--json');
    const stored = await Array.fromAsync(temporary.storage.get(`consul/${old}/manifest.json`));
    expect(stdout.equals(Buffer.concat(stored))).toBe(true);
  });

  test('refuses an id that is not there, and names the nearest', async () => {
    const { exit, text, stderr } = await reading('show', 'consul', '20200101T000000Z');
    expect({ exit, text }).toEqual({ exit: 3, text: '' });
    expect(stderr).toContain(`holds no backup 20200101T000000Z. Nearest: ${old}.`);
    expect(stderr).toContain('(BackupNotFound)');
  });

  test('refuses what names no backup', async () => {
    expect(await reading('show', 'consul', 'newest')).toMatchObject({ exit: 2 });
  });
});

describe('inspect', () => {
  test('shows keys, flags and sizes, no values, and no control characters', async () => {
    const { exit, text, stderr } = await reading('inspect', 'consul', old);
    expect(exit).toBe(0);
    expect(text.split('\n')).toEqual([
      'FLAGS       SIZE  KEY',
      '    0          6  ""',
      '    0          1  " lead"',
      '    0          1  __proto__',
      '    0          1  "app/cursor\\u001b[2J"',
      '    0          0  app/empty',
      '18446744073709551615          1  app/flags',
      '    0       null  app/null',
      '    0         21  app/password',
      '    0          1  "app/right-to-\\u202eleft"',
      '    0          4  apple',
      '    0          2  größe/✓',
      '',
    ]);
    expect(stderr).toMatch(/: 11 keys, \d+ B of keys and values; every digest is right\.\n$/);
  });

  test('shows values where it is asked to', async () => {
    const { text } = await reading('inspect', 'consul', old, '--values');
    expect(text).toContain('app/password  "correct horse\\nbattery"\n');
    expect(text).toContain('apple  base64:AP8KgA==\n');
    const { text: without } = await reading('inspect', 'consul', old, '--json');
    expect(without).not.toContain('horse');
  });

  test('gives one document a line with --json', async () => {
    const lines = jsonLines((await reading('inspect', 'consul', old, '--json', '--values')).text);
    expect(lines).toHaveLength(11);
    expect(lines[5]).toEqual({
      key: 'app/flags',
      flags: '18446744073709551615',
      bytes: 1,
      text: 'f',
      meta: { createIndex: '10', modifyIndex: '15' },
    });
    expect(lines[6]).toMatchObject({ key: 'app/null', bytes: null, text: null });
    expect(lines[9]).toMatchObject({ key: 'apple', bytes: 4, base64: 'AP8KgA==' });
  });

  test('reads a prefix alone', async () => {
    const { text, stderr } = await reading('inspect', 'consul', old, '--prefix', 'app/p', '--json');
    expect(jsonLines(text)).toMatchObject([{ key: 'app/password' }]);
    expect(stderr).toContain('1 key, ');
    expect(stderr).toContain('only the part with this prefix was read');
  });

  test('gives one value exactly', async () => {
    const { stdout } = await reading('inspect', 'consul', old, '--key', 'apple', '--values');
    expect(stdout).toEqual(Buffer.from([0, 255, 10, 128]));
    const { text } = await reading('inspect', 'consul', old, '--key', 'app/password');
    expect(text).toContain('value  21 bytes, shown with --values\n');
    expect(text).not.toContain('horse');
  });

  test('refuses a key that is not there, also where longer ones are', async () => {
    const { exit, stderr, text } = await reading('inspect', 'consul', old, '--key', 'app/pass', '--values');
    expect({ exit, text }).toEqual({ exit: 2, text: '' });
    expect(stderr).toContain(`Backup ${old} of consul has no key "app/pass".`);
  });
});

describe('cat', () => {
  test('gives the records as they stand in the archive', async () => {
    const { exit, text } = await reading('cat', 'consul', old);
    expect(exit).toBe(0);
    const lines = jsonLines(text);
    expect(lines).toHaveLength(11);
    expect(lines[7]).toEqual({
      key: 'app/password',
      flags: '0',
      text: 'correct horse\nbattery',
      meta: { createIndex: '10', modifyIndex: '15' },
    });
  });

  test('gives the same lines for a prefix', async () => {
    const { text: all } = await reading('cat', 'consul', old);
    const { text: some } = await reading('cat', 'consul', old, '--prefix', 'app/');
    expect(some).toBe(
      all
        .split(/(?<=\n)/)
        .slice(3, 9)
        .join(''),
    );
  });

  test('reads a backup that refers to an earlier one', async () => {
    const { text } = await reading('cat', 'consul', unchanged);
    expect(text).toBe((await reading('cat', 'consul', old)).text);
  });
});

describe('verify', () => {
  test('gives its verdict', async () => {
    const { exit, text } = await reading('verify', 'consul');
    expect(exit).toBe(0);
    expect(text).toMatch(
      new RegExp(`^consul ${newest} is whole: 12 records, .*; every digest is right\\. Took 0s\\.\n`),
    );
    expect(text).toContain(`${address}/consul/${newest}/records.ndjson.zst\n`);
  });

  test('gives it to programs', async () => {
    const { text } = await reading('verify', 'consul', '--json');
    expect(JSON.parse(text)).toMatchObject({ job: 'consul', backup: newest, whole: true, records: 12 });
  });
});

describe('encrypted backups', () => {
  test.each(['inspect', 'cat', 'verify'])('%s needs the identity', async (command) => {
    const without = await reading(command, 'sealed');
    expect(without.exit).toBe(3);
    expect(without.stderr).toContain(`${address}/sealed/${newest}/records.ndjson.zst.age is encrypted`);
    expect(without.stderr).toContain('(DecryptFailed)');
    expect(await reading(command, 'sealed', '--identity', identityFile)).toMatchObject({ exit: 0 });
  });

  test('list and show need none', async () => {
    expect(jsonLines((await reading('list', 'sealed', '--json')).text)).toMatchObject([{ encrypted: true }]);
    expect((await reading('show', 'sealed')).text).toMatch(/, encrypted \(age\)$/m);
  });

  test('a file that holds no identity is a mistake', async () => {
    const { exit, stderr } = await reading('cat', 'sealed', '--identity', join(temporary.path, 'nope'));
    expect(exit).toBe(2);
    expect(stderr).toContain('nope cannot be read');
  });
});
