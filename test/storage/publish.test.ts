import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listBackups, readManifest } from '../../storage/catalog.ts';
import { manifestName, objectName } from '../../storage/layout.ts';
import { publish } from '../../storage/publish.ts';
import type { Storage } from '../../storage/storage.ts';
import { sampleManifest } from './sample.ts';
import { openTemporary, storeData, storeSample } from './temporary.ts';
import type { TemporaryStorage } from './temporary.ts';

const id = '20261122T040000Z';
const job = 'consul-main';
const manifest = sampleManifest(id);
const data = objectName(job, `${id}/records.ndjson.zst`);
let opened: TemporaryStorage;
let storage: Storage;
beforeEach(async () => {
  opened = await openTemporary();
  storage = opened.storage;
});
afterEach(() => opened.cleanup());

test('gives the address of the manifest, which makes the backup exist', async () => {
  await storeData(storage, manifest);
  expect(await Array.fromAsync(listBackups(storage, job))).toEqual([]);
  expect(await publish(storage, manifest)).toBe(`${storage.address}/consul-main/${id}/manifest.json`);
  expect(await Array.fromAsync(listBackups(storage, job))).toEqual([{ state: 'published', id, manifest }]);
});

test('data that is not there, or not in its size, is not published', async () => {
  await expect(publish(storage, manifest)).rejects.toMatchObject({
    code: 'ObjectMissing',
    message: expect.stringContaining(`${storage.address}/${data}`) as string,
  });
  await storeData(storage, manifest);
  await writeFile(join(opened.path, data), 'cut');
  await expect(publish(storage, manifest)).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringContaining(`${data} has 3 bytes where 27 were written`) as string,
  });
  expect(await Array.fromAsync(listBackups(storage, job))).toEqual([]);
});

test('a repeated attempt of the same run finds its own manifest, and leaves it', async () => {
  await storeSample(storage, id);
  const again = sampleManifest(id, {
    verifiedAt: '2026-11-22T06:00:00.000Z',
    publishedAt: '2026-11-22T06:00:00.000Z',
    madeBy: { ...manifest.madeBy, runId: 'second' },
  });
  expect(await publish(storage, again)).toBe(`${storage.address}/${manifestName(job, id)}`);
  expect(await readManifest(storage, job, id)).toEqual(manifest);
});

test.each([
  ['another run', { madeBy: { ...manifest.madeBy, workflowId: 'backup-consul-main-by-hand' } }],
  ['other content', { content: { ...manifest.content, digest: '00'.repeat(32) } }],
  ['another scope', { scope: { prefix: 'app/' } }],
])('%s with the same id is refused, and what is there stays', async (_, changes) => {
  await storeSample(storage, id);
  await expect(publish(storage, sampleManifest(id, changes))).rejects.toMatchObject({
    code: 'BackupExists',
    message: expect.stringContaining(`Backup ${id} of consul-main was published at`) as string,
  });
  expect(await readManifest(storage, job, id)).toEqual(manifest);
});

test('of several publishers at once one wins, and the others learn that it did', async () => {
  await storeData(storage, manifest);
  const runs = Array.from({ length: 8 }, (_, run) =>
    sampleManifest(id, { madeBy: { version: '0.1.0', workflowId: `run-${run}` } }),
  );
  const outcomes = await Promise.allSettled(runs.map((run) => publish(storage, run)));
  const winner = runs.filter((_, run) => outcomes[run]?.status === 'fulfilled');
  expect(winner).toEqual([await readManifest(storage, job, id)]);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'BackupExists' });
});

test('data of an earlier backup that a prune takes just then is not promised', async () => {
  const earlier = '20261122T030000Z';
  await storeSample(storage, earlier);
  const overtaken: Storage = {
    ...storage,
    async putOnce(name, body, signal) {
      await storage.remove([objectName(job, `${earlier}/records.ndjson.zst`)]);
      return storage.putOnce(name, body, signal);
    },
  };
  const unchanged = sampleManifest(id, { unchangedSince: earlier });
  await expect(publish(overtaken, unchanged)).rejects.toMatchObject({ code: 'ObjectMissing' });
  expect(await storage.head(manifestName(job, id))).toBeUndefined();
});
