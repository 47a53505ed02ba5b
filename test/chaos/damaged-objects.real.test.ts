import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityToRecipient } from 'age-encryption';
import { askConsul, listConsul } from '../stores/plain-consul.ts';
import { backUp, reportOf, requestRestore } from './runs.ts';
import { plantMany } from './trees.ts';
import { command } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** Damage to what is stored, at every object, seen from every side that reads a backup. */
let world: World;
const ids = new Map<string, string>();

beforeAll(async () => {
  const identityFile = join(import.meta.dirname, '../archive/golden/identity-for-tests.txt');
  const recipient = await identityToRecipient((await readFile(identityFile, 'utf8')).trim());
  world = await startWorld({
    plain: { prefix: 'few/' },
    sealed: { prefix: 'few/', encrypt: { recipients: [recipient], identity_files: [identityFile] } },
  });
  await plantMany(world, 'few/', 500);
  await world.startWorker();
  for (const job of ['plain', 'sealed']) ids.set(job, (await backUp(world, job)).id);
  // So that a restore would have something to write, to change and to remove.
  await askConsul(world.consul.address, 'DELETE', '/v1/kv/few/00001');
  await askConsul(world.consul.address, 'PUT', '/v1/kv/few/00002', 'changed');
  await askConsul(world.consul.address, 'PUT', '/v1/kv/few/more', 'new');
});
afterAll(() => world.stop());

function flipped(place: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const at = Math.floor(place * (bytes.length - 1));
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([(bytes[at] ?? 0) ^ 0x01]),
      bytes.subarray(at + 1),
    ]);
  };
}

/** Does something while one stored object is damaged, or gone (`undefined`); then all is as it was. */
async function whileDamaged(
  key: string,
  damage: (bytes: Buffer) => Buffer | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const { bucket } = world;
  const whole = await bucket.read(key);
  const bytes = damage(whole);
  await (bytes === undefined ? bucket.remove(key) : bucket.write(key, bytes));
  try {
    await work();
  } finally {
    await bucket.write(key, whole);
  }
}

let requests = 0;

/** Every way to read the backup refuses, with one of these codes, and says what it found where. */
async function expectRefusal(job: string, codes: RegExp, place: string): Promise<void> {
  const id = ids.get(job) ?? '';
  for (const name of ['verify', 'inspect', 'cat']) {
    const { exit, stderr } = await command(world, name, job, id);
    expect({ name, exit, stderr }).toEqual({
      ...{ name, exit: 3 },
      stderr: expect.stringMatching(codes) as unknown,
    });
    expect(stderr).toContain(place);
  }
  const before = await listConsul(world.consul.address);
  const requestId = `request ${++requests}`;
  const request = { backup: id, mode: 'mirror', approved: true, noSafetyBackup: true, requestId } as const;
  await requestRestore(world, job, request);
  const report = await reportOf(world, job, requestId);
  expect(report).toMatchObject({ outcome: 'failed', backup: id });
  expect(`(${report.failure?.code ?? ''})`).toMatch(codes);
  expect(report.failure?.message).toContain(place);
  // With the indexes: not even an equal value was written.
  expect(await listConsul(world.consul.address)).toEqual(before);
}

const damages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['its first byte flipped', flipped(0)],
  ['a byte in the middle flipped', flipped(0.5)],
  ['its last byte flipped', flipped(1)],
];
const data = [
  ['plain', 'records.ndjson.zst'],
  ['sealed', 'records.ndjson.zst.age'],
] as const;

describe.each(data)('of the job %s', (job, records) => {
  const keyOf = (object: string): string => `${job}/${ids.get(job) ?? ''}/${object}`;

  describe.each([records, 'manifest.json'])('%s', (object) => {
    test.each(damages)('55: with %s is refused and named', async (_what, damage) => {
      const codes = /\((ArchiveCorrupt|UnsupportedVersion)\)/;
      const key = keyOf(object);
      await whileDamaged(key, damage, () => expectRefusal(job, codes, `s3://backups/${key}`));
    });
  });

  test('its data deleted is missed and named', async () => {
    const key = keyOf(records);
    await whileDamaged(
      key,
      () => undefined,
      () => expectRefusal(job, /\(ObjectMissing\)/, `s3://backups/${key}`),
    );
  });

  test('without its manifest it is no backup', async () => {
    await whileDamaged(
      keyOf('manifest.json'),
      () => undefined,
      () =>
        expectRefusal(
          job,
          /\(BackupNotFound\)/,
          `s3://backups/${job}/ holds no backup ${ids.get(job) ?? ''}`,
        ),
    );
  });

  test('when all is as it was, it is restored', async () => {
    await command(world, 'verify', job).then(({ exit }) => expect(exit).toBe(0));
    await requestRestore(world, job, { mode: 'mirror', dryRun: true, requestId: `${job} whole` });
    expect(await reportOf(world, job, `${job} whole`)).toMatchObject({
      outcome: 'dry-run',
      plan: { add: 1, change: 1, remove: 1, equal: 498 },
    });
  });
});
