import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readRecords } from '../../archive/reader.ts';
import { allRecords, comparable, inMemory, noise, record, store } from './memory.ts';

/** A backup is readable without Holdfast: with Debian's age, zstd and jq (`node services/main.ts --build-only` gets them). */

const run = promisify(execFile);
const address = 's3://bucket/records.ndjson.zst.age';
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const records = Array.from({ length: 3000 }, (_, index) =>
  record(
    `app/${String(index).padStart(5, '0')}`,
    index % 7 === 0 ? null : noise(index, index % 1500),
    String(index),
  ),
);
const plain = await store([records]);
const encrypted = await store([records], [recipient]);

let folder = '';
beforeAll(async () => {
  for (const tool of ['age', 'zstd', 'jq']) {
    const { error } = spawnSync(tool, ['--version']);
    if (error !== undefined)
      throw new Error(`This test needs ${tool}: apt-get install ${tool}`, { cause: error });
  }
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tools-'));
  await writeFile(join(folder, 'plain.zst'), plain.bytes);
  await writeFile(join(folder, 'sealed.zst.age'), encrypted.bytes);
  await writeFile(join(folder, 'identity.txt'), `${identity}\n`);
  await writeFile(join(folder, 'empty.zst'), (await store([])).bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function shell(command: string): Promise<string> {
  const options = { cwd: folder, maxBuffer: 1 << 28 };
  const { stdout } = await run('bash', ['-o', 'pipefail', '-ec', command], options);
  return stdout;
}

function page(): Promise<string> {
  return readFile(new URL('../../archive/FORMAT.md', import.meta.url), 'utf8');
}

test('zstd and jq read the records', async () => {
  const keys = await shell('zstd -d < plain.zst | jq -r .key');
  expect(keys.trimEnd().split('\n')).toEqual(records.map(({ key }) => key.toString()));
  const value = await shell(`zstd -d < plain.zst | jq -j 'select(.key == "app/01234") | .text'`);
  expect(value).toBe(records[1234]?.value?.toString());
  expect(await shell(`zstd -d < plain.zst | jq -c 'select(.key == "app/00007") | .text'`)).toBe('null\n');
});

test('age, zstd and jq read an encrypted archive', async () => {
  const flags = await shell(
    `age -d -i identity.txt sealed.zst.age | zstd -d | jq -r 'select(.key == "app/02999").flags'`,
  );
  expect(flags).toBe('2999\n');
});

test('the digests can be checked with standard tools', async () => {
  expect(await shell('sha256sum < sealed.zst.age')).toBe(`${encrypted.object.storedSha256}  -\n`);
  expect(await shell('age -d -i identity.txt sealed.zst.age | zstd -d | sha256sum')).toBe(
    `${plain.object.plainSha256}  -\n`,
  );
  // The command of FORMAT.md, section "Content digest".
  const command = /^zstd -d < records\.ndjson\.zst \| sed .*$/m.exec(await page())?.[0] ?? 'false';
  expect(await shell(command.replace('records.ndjson.zst', 'plain.zst'))).toBe(
    `${plain.content.digest}  -\n`,
  );
});

test('the records can be turned into what consul kv import takes', async () => {
  // The command of FORMAT.md, up to the import.
  const command =
    /^jq -r 'select\(\.key\)[^]*?(?= \| consul kv import -$)/m.exec(await page())?.[0] ?? 'false';
  const hostile = [
    record('bin', Buffer.from([0, 255]), '18446744073709551615'),
    record('null', null),
    record('q"uote\n\u2028', 'nul \0, \ufffd, \uffff, \ufeff, e\u0301'),
  ];
  const stored = await store([hostile]);
  await writeFile(join(folder, 'hostile.zst'), stored.bytes);
  const entries = await shell(`zstd -qd hostile.zst -o records.ndjson && ${command}`);
  const value = (of: Buffer | null): string => of?.toString('base64') ?? '';
  // As text, since JSON.parse would round the flags.
  expect(entries).toBe(
    `[${hostile
      .map(({ key, value: of, attributes }) => {
        return `{"key":${JSON.stringify(key.toString())},"flags":${attributes.flags ?? ''},"value":"${value(of)}"}`;
      })
      .join(',')}]\n`,
  );
});

test('zstd itself finds the archive whole, and every frame with its size and checksum', async () => {
  await shell('zstd -t plain.zst');
  const listed = await shell('zstd --list -v plain.zst');
  expect(listed).toContain(`(${plain.object.plainBytes} B)`);
  expect(listed).toContain('Check: XXH64');
  expect(listed).toMatch(/Skippable Frames: 1/);
});

test('an archive of no records decompresses to nothing', async () => {
  expect(await shell('zstd -d < empty.zst | wc -c')).toBe('0\n');
});

test('what age encrypted is read here', async () => {
  await shell(`age -r ${recipient} -o by-age.zst.age plain.zst`);
  const bytes = await readFile(join(folder, 'by-age.zst.age'));
  const { stdout } = await run('sha256sum', [join(folder, 'by-age.zst.age')]);
  const object = { ...encrypted.object, storedBytes: bytes.length, storedSha256: stdout.slice(0, 64) };
  const reading = readRecords(inMemory(bytes, 50_000).source, object, {
    identities: [identity],
    address,
    content: plain.content,
  });
  expect((await allRecords(reading.records)).map(comparable)).toEqual(records.map(comparable));
});
