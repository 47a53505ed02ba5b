import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

const records = Array.from({ length: 300 }, (_, index) =>
  record(`app/${String(index).padStart(4, '0')}`, `value ${index} ${'x'.repeat(index % 50)}`),
);

let temporary: TemporaryStorage;
const [id, older] = [idOf(5), idOf(60)];

beforeAll(async () => {
  temporary = await openTemporary();
  await storeBackup(temporary.storage, 'consul', older, records);
  await storeBackup(temporary.storage, 'consul', id, records);
});

afterAll(() => temporary.cleanup());

/** Runs commands while a stored object is not as it was written. */
async function damaged(
  name: string,
  damage: (bytes: Buffer) => Buffer | undefined,
  commands: readonly (readonly string[])[],
) {
  const file = join(temporary.path, name);
  const whole = await readFile(file);
  const bytes = damage(Buffer.from(whole));
  await (bytes === undefined ? rm(file) : writeFile(file, bytes));
  try {
    const all = commands.map((args) => holdfast([...args, '--storage', `file://${temporary.path}`]));
    return await Promise.all(all);
  } finally {
    await writeFile(file, whole);
  }
}

function flipped(position: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const at = Math.floor(position * (bytes.length - 1));
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    return bytes;
  };
}

const readers = [
  ['verify', 'consul'],
  ['inspect', 'consul'],
  ['cat', 'consul'],
];
const positions = [0, 0.003, 0.1, 0.35, 0.5, 0.75, 0.97, 0.995, 1];

test('what is whole passes', async () => {
  const results = await damaged(`consul/${id}/manifest.json`, (bytes) => bytes, [
    ...readers,
    ['list', 'consul'],
  ]);
  expect(results.map(({ exit }) => exit)).toEqual([0, 0, 0, 0]);
});

describe.each(positions)('one byte flipped at %d', (position) => {
  test.each(['records.ndjson.zst', 'manifest.json'])('of %s', async (object) => {
    const name = `consul/${id}/${object}`;
    for (const { exit, stderr } of await damaged(name, flipped(position), readers)) {
      expect(stderr).toContain(`file://${temporary.path}/${name}`);
      expect(stderr).toMatch(/\((ArchiveCorrupt|UnsupportedVersion)\)\n$/);
      expect(exit).toBe(3);
    }
  });
});

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, -1), 'ArchiveCorrupt'],
  ['too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n')]), 'ArchiveCorrupt'],
  ['empty', () => Buffer.alloc(0), 'ArchiveCorrupt'],
  ['gone', () => undefined, 'ObjectMissing'],
])('data that is %s', async (_what, damage, code) => {
  const name = `consul/${id}/records.ndjson.zst`;
  for (const { exit, stderr } of await damaged(name, damage, readers)) {
    expect(stderr).toContain(`file://${temporary.path}/${name}`);
    expect(stderr).toContain(`(${code})`);
    expect(exit).toBe(3);
  }
});

test('the verdict for programs says what is wrong', async () => {
  const [ran] = await damaged(`consul/${id}/records.ndjson.zst`, flipped(0.5), [
    ['verify', 'consul', '--json'],
  ]);
  expect(JSON.parse(ran?.text ?? '')).toMatchObject({
    job: 'consul',
    whole: false,
    error: { code: 'ArchiveCorrupt' },
  });
});

describe('list', () => {
  const name = `consul/${id}/manifest.json`;

  test('shows a damaged manifest among the others', async () => {
    const [ran] = await damaged(name, flipped(0.5), [['list', 'consul']]);
    expect(ran?.exit).toBe(3);
    expect(ran?.text).toMatch(new RegExp(`^${id} .*DAMAGED \\(ArchiveCorrupt\\)$`, 'm'));
    expect(ran?.text).toMatch(new RegExp(`^${older} .* schedule +300 `, 'm'));
    expect(ran?.stderr).toContain(`A backup cannot be read. file://${temporary.path}/${name} is damaged`);
  });

  test('tells programs of it too', async () => {
    const [ran] = await damaged(name, flipped(0.5), [['list', 'consul', '--json']]);
    const [first] = (ran?.text ?? '').split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({
      id,
      state: 'unreadable',
      error: { code: 'ArchiveCorrupt' },
    });
  });

  test('shows a run without a manifest only with --all', async () => {
    const [few, all] = await damaged(name, () => undefined, [
      ['list', 'consul'],
      ['list', 'consul', '--all'],
    ]);
    expect(few?.text).not.toContain(id);
    expect(all).toMatchObject({ exit: 0 });
    expect(all?.text).toMatch(new RegExp(`^${id} .*unfinished`, 'm'));
  });
});
