import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { listRuns } from '../../storage/catalog.ts';
import { manifestName, objectName } from '../../storage/layout.ts';
import { planPrune, prune } from '../../storage/prune.ts';
import type { KeepPolicy } from '../../storage/retention.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { namesOf } from './bytes.ts';
import { sampleData, sampleManifest } from './sample.ts';
import { openTemporary, storeData, storeSample } from './temporary.ts';
import type { TemporaryStorage } from './temporary.ts';

const job = 'consul-main';
const now = new Date('2026-11-22T12:00:00Z');
const policy: KeepPolicy = { last: 1, safety: 0, timezone: 'UTC' };
let opened: TemporaryStorage;
let storage: Storage;
beforeEach(async () => {
  opened = await openTemporary();
  storage = opened.storage;
});
afterEach(() => opened.cleanup());

const planNow = (of: Storage = storage) => planPrune(of, job, policy, now);
const pruneNow = async (of: Storage = storage) => prune(of, await planNow(of));
const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);
const remaining = async () =>
  (await Array.fromAsync(listRuns(storage, job))).map(({ id, state }) => `${id} ${state}`);

/** Lets what stands in the folder look as old as a backup of that time. */
async function age(folder: string, time: Date): Promise<void> {
  for (const name of await readdir(join(opened.path, folder), { recursive: true }))
    await utimes(join(opened.path, folder, name), time, time);
}

const old = new Date('2026-11-21T11:00:00Z');

test('the plan tells what stays and why, what goes and how much that is, and changes nothing', async () => {
  for (const hour of ['08', '09', '10']) await storeSample(storage, `20261122T${hour}0000Z`);
  await storage.putOnce(objectName(job, '20261122T080000Z/notes.txt'), Buffer.alloc(1000));
  const before = await namesOf(storage, '');
  const plan = await planNow();
  expect(plan.keep).toEqual([{ id: '20261122T100000Z', reasons: ['last 1 of 1', 'newest verified'] }]);
  expect(plan.remove).toEqual([
    {
      id: '20261122T090000Z',
      objects: ['consul-main/20261122T090000Z/records.ndjson.zst'],
      bytes: expect.any(Number) as number,
    },
    {
      id: '20261122T080000Z',
      objects: ['consul-main/20261122T080000Z/notes.txt', 'consul-main/20261122T080000Z/records.ndjson.zst'],
      bytes: (plan.remove[0]?.bytes ?? 0) + 1000,
    },
  ]);
  expect(plan.remove[0]?.bytes).toBeGreaterThan(sampleData.length);
  expect(plan.leftovers).toEqual([]);
  expect(await namesOf(storage, '')).toEqual(before);
});

test('what the plan says goes, with everything in its folder; other jobs and restores are not touched', async () => {
  for (const hour of ['08', '09', '10']) await storeSample(storage, `20261122T${hour}0000Z`);
  await storeSample(storage, '20261122T080000Z', { job: 'another' });
  await storage.putOnce(`${job}/restores/20261101T000000Z-x/report.json`, Buffer.from('{}'));
  const done = await pruneNow();
  expect(done).toMatchObject({
    removed: ['20261122T090000Z', '20261122T080000Z'],
    leftovers: [],
    uploads: 0,
  });
  expect(done.bytes).toBeGreaterThan(2 * sampleData.length);
  expect(await namesOf(storage, '')).toEqual([
    'another/20261122T080000Z/manifest.json',
    'another/20261122T080000Z/records.ndjson.zst',
    'consul-main/20261122T100000Z/manifest.json',
    'consul-main/20261122T100000Z/records.ndjson.zst',
    'consul-main/restores/20261101T000000Z-x/report.json',
  ]);
  expect(await pruneNow()).toEqual({ removed: [], leftovers: [], bytes: 0, uploads: 0 });
});

test('what a kept backup refers to stays, and goes when that goes', async () => {
  await storeSample(storage, '20261122T080000Z');
  await storeSample(storage, '20261122T090000Z', { unchangedSince: '20261122T080000Z' });
  await storeSample(storage, '20261122T100000Z', { unchangedSince: '20261122T080000Z' });
  expect((await pruneNow()).removed).toEqual(['20261122T090000Z']);
  expect(await remaining()).toEqual(['20261122T100000Z published', '20261122T080000Z published']);
  await storeSample(storage, '20261122T110000Z');
  expect((await pruneNow()).removed).toEqual(['20261122T100000Z', '20261122T080000Z']);
  expect(await remaining()).toEqual(['20261122T110000Z published']);
});

test('a damaged manifest stays, is named, and guards what may be its data', async () => {
  await storeSample(storage, '20261122T070000Z');
  await storeSample(storage, '20261122T080000Z');
  await storeSample(storage, '20261122T090000Z', { unchangedSince: '20261122T080000Z' });
  await storeSample(storage, '20261122T100000Z');
  await writeFile(join(opened.path, manifestName(job, '20261122T090000Z')), 'not a manifest');
  const plan = await planNow();
  expect(plan.keep).toMatchObject([
    { id: '20261122T100000Z' },
    { id: '20261122T090000Z', unreadable: { code: 'ArchiveCorrupt' } },
    { id: '20261122T080000Z', reasons: ['may hold the data of 20261122T090000Z'] },
  ]);
  expect((await prune(storage, plan)).removed).toEqual(['20261122T070000Z']);
});

describe('unfinished runs', () => {
  test('go a day after they began, if nothing was written to them since; with their uploads', async () => {
    await storeSample(storage, '20261122T100000Z');
    await storeData(storage, sampleManifest('20261120T100000Z'));
    await age(`${job}/20261120T100000Z`, old);
    await storeData(storage, sampleManifest('20261120T110000Z'));
    await age(`${job}/20261120T110000Z`, now);
    await storeData(storage, sampleManifest('20261122T110000Z'));
    await age(`${job}/20261122T110000Z`, old);
    for (const id of ['20261120T090000Z', '20261122T113000Z']) {
      const upload = join(opened.path, '.uploads', job, id, 'records.ndjson.zst~x');
      await mkdir(dirname(upload), { recursive: true });
      await writeFile(upload, 'half');
      await utimes(upload, id < '20261122' ? old : now, id < '20261122' ? old : now);
    }

    const plan = await planNow();
    expect(plan.leftovers).toEqual([
      { id: '20261120T100000Z', objects: [`${job}/20261120T100000Z/records.ndjson.zst`], bytes: 27 },
    ]);
    expect(await prune(storage, plan)).toEqual({
      removed: [],
      leftovers: ['20261120T100000Z'],
      bytes: 27,
      uploads: 1,
    });
    expect(await remaining()).toEqual([
      '20261122T110000Z unfinished',
      '20261122T100000Z published',
      '20261120T110000Z unfinished',
    ]);
    expect(await storage.abortUploads('')).toBe(1);
  });

  test('stay while a manifest refers to their data: somebody deleted the one they had', async () => {
    await storeSample(storage, '20261120T080000Z');
    await storeSample(storage, '20261122T090000Z', { unchangedSince: '20261120T080000Z' });
    await storage.remove([manifestName(job, '20261120T080000Z')]);
    await age(`${job}/20261120T080000Z`, old);
    expect(await pruneNow()).toMatchObject({ removed: [], leftovers: [] });
    expect(await remaining()).toContain('20261120T080000Z unfinished');
  });

  test('that publish between plan and prune stay', async () => {
    await storeSample(storage, '20261122T100000Z');
    const late = sampleManifest('20261120T100000Z');
    await storeData(storage, late);
    await age(`${job}/20261120T100000Z`, old);
    const plan = await planNow();
    expect(ids(plan.leftovers)).toEqual([late.id]);
    await storeSample(storage, late.id);
    expect(await prune(storage, plan)).toMatchObject({ leftovers: [] });
    expect(await remaining()).toContain('20261120T100000Z published');
  });
});

describe('what others do meanwhile', () => {
  /** The storage, with something that happens just before the n-th removal. */
  function before(removal: number, happens: () => Promise<unknown>): Storage {
    let removals = 0;
    return {
      ...storage,
      async remove(names, signal) {
        removals += 1;
        if (removals === removal) await happens();
        await storage.remove(names, signal);
      },
    };
  }

  test('a reference published between plan and prune saves the data', async () => {
    await storeSample(storage, '20261122T080000Z');
    await storeSample(storage, '20261122T090000Z');
    const plan = await planNow();
    expect(ids(plan.remove)).toEqual(['20261122T080000Z']);
    await storeSample(storage, '20261122T100000Z', { unchangedSince: '20261122T080000Z' });
    expect((await prune(storage, plan)).removed).toEqual([]);
    expect(await remaining()).toContain('20261122T080000Z published');
  });

  test('a reference published while manifests go saves the data', async () => {
    await storeSample(storage, '20261122T080000Z');
    await storeSample(storage, '20261122T090000Z');
    const racing = before(1, () =>
      storeSample(storage, '20261122T100000Z', { unchangedSince: '20261122T080000Z' }),
    );
    expect(await pruneNow(racing)).toMatchObject({ removed: ['20261122T080000Z'], bytes: 0 });
    expect(await namesOf(storage, `${job}/20261122T080000Z/`)).toEqual([
      'consul-main/20261122T080000Z/records.ndjson.zst',
    ]);
  });

  test('a backup that the plan did not name is not removed, even where the rules now say so', async () => {
    await storeSample(storage, '20261122T080000Z');
    await storeSample(storage, '20261122T090000Z');
    const plan = await planNow();
    await storeSample(storage, '20261122T100000Z');
    expect((await prune(storage, plan)).removed).toEqual(['20261122T080000Z']);
    expect(await remaining()).toEqual(['20261122T100000Z published', '20261122T090000Z published']);
  });

  test.each([1, 2])(
    'a crash before removal %d leaves no backup without its data, and the next prune ends it',
    async (removal) => {
      await storeSample(storage, '20261120T080000Z');
      await storeSample(storage, '20261120T090000Z', { unchangedSince: '20261120T080000Z' });
      await storeSample(storage, '20261122T100000Z');
      await age(`${job}/20261120T080000Z`, old);
      const crash = new HoldfastError('StorageUnreachable', 'gone');
      await expect(pruneNow(before(removal, () => Promise.reject(crash)))).rejects.toBe(crash);
      await expectWhole();
      await pruneNow();
      expect(await remaining()).toEqual(['20261122T100000Z published']);
    },
  );
});

/** Promise 1: what is listed is whole. */
async function expectWhole(): Promise<void> {
  for await (const entry of listRuns(storage, job)) {
    if (entry.state !== 'published') continue;
    for (const { name } of entry.manifest.objects)
      expect(await storage.head(objectName(job, name))).toMatchObject({ bytes: sampleData.length });
  }
}

test('whatever is pruned in whatever order, no listed backup loses its data', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ unchanged: fc.boolean(), safety: fc.boolean(), prune: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.record({ last: fc.integer({ min: 1, max: 3 }), hourly: fc.nat({ max: 3 }) }),
      async (runs, limits) => {
        let holder: string | undefined;
        for (const [index, run] of runs.entries()) {
          const hour = String(index).padStart(2, '0');
          const id = `20261122T${hour}0000Z`;
          const refer = run.unchanged && holder !== undefined;
          await storeSample(storage, id, {
            ...(refer && holder !== undefined && { unchangedSince: holder }),
            reason: run.safety ? 'safety' : 'schedule',
          });
          if (!refer && !run.safety) holder = id;
          if (!run.prune) continue;
          const at = new Date(Date.parse(`2026-11-22T${hour}:30:00Z`));
          const keep: KeepPolicy = { ...limits, safety: 2 * 3_600_000, timezone: 'UTC' };
          await prune(storage, await planPrune(storage, job, keep, at));
          await expectWhole();
        }
        await storage.remove(await namesOf(storage, ''));
      },
    ),
    { numRuns: 12 },
  );
});

test('ends with the reason of an abort, before anything is removed', async () => {
  for (const hour of ['08', '09']) await storeSample(storage, `20261122T${hour}0000Z`);
  const plan = await planNow();
  const reason = new Error('enough');
  await expect(prune(storage, plan, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await remaining()).toHaveLength(2);
});
