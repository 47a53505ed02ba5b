import { suspicionsOf } from '../../activities/suspicion.ts';
import { setMark } from '../../storage/marks.ts';
import type { Captured } from '../../workflows/contract/backup.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { sampleManifest } from '../storage/sample.ts';
import { openTemporary, storeSample, type TemporaryStorage } from '../storage/temporary.ts';

const job = { name: 'consul-main', maxShrink: 0.5 };
const never = new AbortController().signal;
const [first, second, now] = ['20261122T010000Z', '20261122T020000Z', '20261122T030000Z'];
let opened: TemporaryStorage;
beforeEach(async () => {
  opened = await openTemporary();
});
afterEach(() => opened.cleanup());

const holding = (records: number, bytes = records * 10) => ({
  content: { records, bytes, digest: 'ab'.repeat(32) },
});
const store = (id: string, changes: Partial<Manifest>) => storeSample(opened.storage, id, changes);
const suspicions = (changes: Partial<Captured>) =>
  suspicionsOf(opened.storage, job, { ...sampleManifest(now), ...changes }, never);

test.each([
  ['half as much', holding(50, 500), []],
  ['less than half', holding(49), [`it holds 51 % fewer records than in ${first}, the last good one`]],
  ['fewer bytes', holding(100, 100), [`it holds 90 % fewer bytes than in ${first}, the last good one`]],
  ['nothing', holding(0), [`it is empty, and ${first} held 100 records`]],
  ['more', holding(1000), []],
])('%s', async (_, content, expected) => {
  await store(first, holding(100));
  expect(await suspicions(content)).toEqual(expected);
});

test.each([
  [59_000, 5000, []],
  [61_000, 7000, []],
  [61_000, 5000, [`reading the store took 12 times as long as for ${first}`]],
])('%d ms after %d ms', async (took, before, expected) => {
  await store(first, { ...holding(100), captureMilliseconds: before });
  expect(await suspicions({ ...holding(100), captureMilliseconds: took })).toEqual(expected);
});

test('the first backup, and one of another scope, have nothing to be compared with', async () => {
  expect(await suspicions(holding(1))).toEqual([]);
  await store(first, { ...holding(100), scope: { prefix: 'app/' } });
  expect(await suspicions(holding(1))).toEqual([]);
});

test.each(['safety', 'import'] as const)(
  'a backup with reason %s neither is nor makes suspicious',
  async (reason) => {
    await store(first, holding(100));
    await store(second, { ...holding(5), reason });
    expect(await suspicions({ ...holding(1), reason })).toEqual([]);
    expect(await suspicions(holding(60))).toEqual([]);
  },
);

test('a suspicious one is passed over, until somebody says that it is good', async () => {
  await store(first, holding(100));
  await store(second, { ...holding(10), suspicions: ['it holds 90 % fewer records'] });
  expect(await suspicions(holding(10))).toEqual([expect.stringContaining(first)]);
  await setMark(opened.storage, { job: job.name, id: second, mark: 'trusted' }, { by: 'a test' });
  expect(await suspicions(holding(10))).toEqual([]);
  expect(await suspicions(holding(1))).toEqual([expect.stringContaining(second)]);
});

describe('a clock that went back', () => {
  const inAnHour = new Date(Date.now() + 3_600_000);

  test('is noticed by a backup that was published in the future, until that is trusted', async () => {
    await store(first, holding(100));
    const publishedAt = inAnHour.toISOString();
    await store(second, { ...holding(100), publishedAt });
    expect(await suspicions(holding(100))).toEqual([
      expect.stringMatching(
        `^${second} was published at ${publishedAt}, .* still to come .* a clock is wrong`,
      ),
    ]);
    await setMark(opened.storage, { job: job.name, id: second, mark: 'trusted' }, { by: 'a test' });
    expect(await suspicions(holding(100))).toEqual([]);
  });

  test('is noticed by a backup whose id is of the future, and by that one itself', async () => {
    const ahead = backupId(inAnHour);
    expect(await suspicions({ ...holding(100), id: ahead })).toEqual([
      expect.stringMatching(`^its own time, ${ahead}, is still to come`),
    ]);
    await store(ahead, { ...holding(100), reason: 'safety', publishedAt: new Date().toISOString() });
    expect(await suspicions(holding(100))).toEqual([expect.stringMatching(`^${ahead} was published at`)]);
  });

  test("by some minutes is nobody's harm", async () => {
    await store(first, holding(100));
    await store(second, { ...holding(100), publishedAt: new Date(Date.now() + 300_000).toISOString() });
    expect(await suspicions(holding(100))).toEqual([]);
  });
});
