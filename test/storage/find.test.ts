import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markDamaged } from '../../storage/damage.ts';
import { findBackup, findReliable } from '../../storage/find.ts';
import { manifestName } from '../../storage/layout.ts';
import { sampleManifest } from './sample.ts';
import { openTemporary, storeData, storeSample } from './temporary.ts';
import type { TemporaryStorage } from './temporary.ts';

const job = 'consul-main';
let opened: TemporaryStorage;
beforeEach(async () => {
  opened = await openTemporary();
  await storeSample(opened.storage, '20261120T040000Z');
  await storeSample(opened.storage, '20261121T040000Z', { capturedAt: '2026-11-21T04:00:20.000Z' });
  await storeSample(opened.storage, '20261122T040000Z', { capturedAt: '2026-11-22T04:00:20.000Z' });
  await storeSample(opened.storage, '20261122T050000Z', { reason: 'safety', scope: { prefix: 'app/' } });
  await storeData(opened.storage, sampleManifest('20261122T060000Z'));
});
afterEach(() => opened.cleanup());

const find = async (which: string, of = job) => (await findBackup(opened.storage, of, which)).id;
const damage = (id: string) => writeFile(join(opened.path, manifestName(job, id)), '{}');

test.each([
  ['latest', '20261122T040000Z'],
  ['20261121T040000Z', '20261121T040000Z'],
  ['20261122T050000Z', '20261122T050000Z'],
  ['before:2026-11-22T04:00:20Z', '20261122T040000Z'],
  // It was scheduled before that time, but shows the store as it was after it.
  ['before:2026-11-22T04:00:19Z', '20261121T040000Z'],
  ['before:2026-11-22T05:00:20+01:00', '20261122T040000Z'],
  ['before:2026-11-22T04:01', '20261122T040000Z'],
  ['before:2026-11-22 04:01', '20261122T040000Z'],
  ['before:2026-11-22', '20261121T040000Z'],
  ['before:2030-01-01', '20261122T040000Z'],
])('%s is %s', async (which, id) => {
  expect(await find(which)).toBe(id);
});

test.each(['', 'newest', '2026-11-22', 'before:', 'before:yesterday', 'before:2026-13-01', 'LATEST', '../x'])(
  '%p names no backup, and the message says what does',
  async (which) => {
    await expect(find(which)).rejects.toMatchObject({
      code: 'BadRequest',
      message: expect.stringMatching(/2026-11-22T04:15:00Z/) as string,
    });
  },
);

test('an id that is not there is told with its neighbours', async () => {
  await expect(find('20261121T050000Z')).rejects.toMatchObject({
    code: 'BackupNotFound',
    message: `${opened.storage.address}/consul-main/ holds no backup 20261121T050000Z. Nearest: 20261121T040000Z, 20261122T040000Z.`,
  });
});

test('an unfinished run is no backup', async () => {
  await expect(find('20261122T060000Z')).rejects.toMatchObject({ code: 'BackupNotFound' });
});

test('nothing before a time is told with what there is', async () => {
  await expect(find('before:2026-11-19T00:00:00Z')).rejects.toMatchObject({
    code: 'BackupNotFound',
    message: `${opened.storage.address}/consul-main/ holds no backup captured at or before 2026-11-19T00:00:00.000Z. Nearest: 20261120T040000Z.`,
  });
});

test('a job without backups is told with the jobs that have some', async () => {
  await expect(find('latest', 'consul-mian')).rejects.toMatchObject({
    code: 'BackupNotFound',
    message: `${opened.storage.address}/consul-mian/ holds no backup; the storage holds backups of consul-main.`,
  });
});

test('a newer backup that cannot be read is never passed over in silence', async () => {
  await damage('20261122T040000Z');
  await expect(find('latest')).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringMatching(
      /20261122T040000Z\/manifest\.json is damaged: .*name the backup 20261121T040000Z\.$/,
    ) as string,
  });
  await expect(find('20261122T040000Z')).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
  expect(await find('20261121T040000Z')).toBe('20261121T040000Z');
  expect(await find('before:2026-11-22T03:00:00Z')).toBe('20261121T040000Z');
});

test('where no older one can be read, it says so', async () => {
  for (const id of ['20261120T040000Z', '20261121T040000Z', '20261122T040000Z']) await damage(id);
  await expect(find('latest')).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringMatching(/20261122T040000Z.*There is no older backup\.$/) as string,
  });
});

test('who relies on `latest` is told that it is damaged, and which to name instead', async () => {
  const opened = await openTemporary();
  try {
    const { storage } = opened;
    const [old, bad] = ['20261101T080000Z', '20261101T090000Z'];
    for (const id of [old, bad]) await storeSample(storage, id);
    const place = { job: 'consul-main', id: bad };
    const damage = { findings: [], by: 'verify', at: '2026-11-01T10:00:00Z' };
    await markDamaged(storage, place, damage, new AbortController().signal);
    await expect(findReliable(storage, 'consul-main', 'latest')).rejects.toMatchObject({
      code: 'BackupDamaged',
      message: expect.stringContaining(`name the backup ${old}`) as string,
    });
    expect(await findReliable(storage, 'consul-main', bad)).toMatchObject({ id: bad });
    expect(await findReliable(storage, 'consul-main', 'before:2026-11-01T08:30Z')).toMatchObject({ id: old });
  } finally {
    await opened.cleanup();
  }
});
