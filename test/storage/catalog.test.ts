import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listBackups, listJobs, listRuns } from '../../storage/catalog.ts';
import { encodeDocument } from '../../storage/document.ts';
import { manifestName } from '../../storage/layout.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { read } from './bytes.ts';
import { sampleManifest } from './sample.ts';
import { openTemporary, storeData, storeSample } from './temporary.ts';
import type { TemporaryStorage } from './temporary.ts';

const job = 'consul-main';
let opened: TemporaryStorage;
let storage: Storage;
beforeEach(async () => {
  opened = await openTemporary();
  storage = opened.storage;
});
afterEach(() => opened.cleanup());

const states = (entries: readonly { id: string; state: string }[]) =>
  entries.map(({ id, state }) => `${id} ${state}`);

/** Turns a byte of a manifest over, as a bad disk does. */
async function damage(id: string): Promise<void> {
  const bytes = await read(storage.get(manifestName(job, id)));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(join(opened.path, manifestName(job, id)), bytes);
}

describe('the catalog', () => {
  test('gives backups newest first, with their manifests', async () => {
    const first = await storeSample(storage, '20261121T041500Z');
    const second = await storeSample(storage, '20261122T041500Z', { unchangedSince: first.id });
    expect(await Array.fromAsync(listBackups(storage, job))).toEqual([
      { state: 'published', id: second.id, manifest: second },
      { state: 'published', id: first.id, manifest: first },
    ]);
  });

  test('leaves out unfinished runs, and shows them where they are asked for', async () => {
    await storeSample(storage, '20261121T041500Z');
    await storeData(storage, sampleManifest('20261122T041500Z'));
    await storage.putOnce(`${job}/restores/20261122T050000Z-1/plan.ndjson.zst`, Buffer.from('plan'));
    expect(states(await Array.fromAsync(listBackups(storage, job)))).toEqual(['20261121T041500Z published']);
    expect(states(await Array.fromAsync(listRuns(storage, job)))).toEqual([
      '20261122T041500Z unfinished',
      '20261121T041500Z published',
    ]);
  });

  test('tells of damaged, foreign and newer manifests in their places', async () => {
    for (const day of ['20', '21', '22', '23']) await storeSample(storage, `202611${day}T041500Z`);
    await damage('20261121T041500Z');
    const newer = encodeDocument(
      { ...sampleManifest('20261122T041500Z'), formatVersion: 2 },
      'manifestSha256',
    );
    await writeFile(join(opened.path, manifestName(job, '20261122T041500Z')), newer);
    const moved = await read(storage.get(manifestName(job, '20261120T041500Z')));
    await writeFile(join(opened.path, manifestName(job, '20261123T041500Z')), moved);

    const entries = await Array.fromAsync(listBackups(storage, job));
    expect(states(entries)).toEqual([
      '20261123T041500Z unreadable',
      '20261122T041500Z unreadable',
      '20261121T041500Z unreadable',
      '20261120T041500Z published',
    ]);
    expect(entries.map((entry) => (entry.state === 'unreadable' ? entry.error.code : ''))).toEqual([
      'ArchiveCorrupt',
      'UnsupportedVersion',
      'ArchiveCorrupt',
      '',
    ]);
    for (const entry of entries)
      if (entry.state === 'unreadable')
        expect(entry.error.message).toContain(`${storage.address}/${manifestName(job, entry.id)}`);
  });

  test('a file far too large for a manifest does not fill the memory', async () => {
    await storeSample(storage, '20261121T041500Z');
    await writeFile(join(opened.path, manifestName(job, '20261121T041500Z')), Buffer.alloc(20 * 1024 * 1024));
    const [entry] = await Array.fromAsync(listBackups(storage, job));
    expect(entry).toMatchObject({ state: 'unreadable', error: { code: 'ArchiveCorrupt' } });
  });

  test('one manifest that is refused hides no other; a storage that is away is an error', async () => {
    await storeSample(storage, '20261121T041500Z');
    await storeSample(storage, '20261122T041500Z');
    const failing = (code: 'StorageDenied' | 'StorageUnreachable'): Storage => ({
      ...storage,
      get: (name, options) => {
        if (name.includes('20261122')) throw new HoldfastError(code, `no ${name}`);
        return storage.get(name, options);
      },
    });
    expect(states(await Array.fromAsync(listBackups(failing('StorageDenied'), job)))).toEqual([
      '20261122T041500Z unreadable',
      '20261121T041500Z published',
    ]);
    await expect(Array.fromAsync(listBackups(failing('StorageUnreachable'), job))).rejects.toThrow(
      'no consul-main/20261122T041500Z/manifest.json',
    );
  });

  test('fetches at most eight manifests at once, and few more than are asked for', async () => {
    for (let hour = 0; hour < 40; hour++)
      await storeSample(storage, backupId(new Date(Date.UTC(2026, 10, 20, hour))));
    let fetched = 0;
    let open = 0;
    let most = 0;
    const counting: Storage = {
      ...storage,
      async *get(name, options) {
        fetched++;
        most = Math.max(most, ++open);
        yield* storage.get(name, options);
        open--;
      },
    };
    const all = await Array.fromAsync(listBackups(counting, job));
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .toSorted()
        .reverse(),
    );
    expect(all).toHaveLength(40);
    expect(most).toBe(8);

    fetched = 0;
    for await (const entry of listBackups(counting, job)) {
      expect(entry.id).toBe('20261121T150000Z');
      break;
    }
    expect(fetched).toBeLessThanOrEqual(8);
  });

  test('ends with the reason of an abort', async () => {
    await storeSample(storage, '20261121T041500Z');
    const reason = new Error('enough');
    await expect(Array.fromAsync(listBackups(storage, job, AbortSignal.abort(reason)))).rejects.toBe(reason);
  });

  test('finds the jobs of a storage without any configuration', async () => {
    await storeSample(storage, '20261121T041500Z');
    await storeSample(storage, '20261121T041500Z', { job: 'another' });
    await storage.putOnce('pictures/of/cats.png', Buffer.from('not ours'));
    await storage.putOnce('only-restores/restores/x/report.json', Buffer.from('{}'));
    expect(await listJobs(storage)).toEqual(['another', 'consul-main']);
  });
});
