import { readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { scrubStored, type Scrubbing } from '../../../activities/scrub/scrub-stored.ts';
import { readDamage } from '../../../storage/damage.ts';
import { objectName } from '../../../storage/layout.ts';
import { listMarks } from '../../../storage/marks.ts';
import { prune, planPrune } from '../../../storage/prune.ts';
import { sliceOf } from '../../../storage/slices.ts';
import type { Storage } from '../../../storage/storage.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { Manifest } from '../../../workflows/contract/manifest.ts';
import type { Scrubbed, ScrubProgress } from '../../../workflows/contract/scrub.ts';
import { sampleData, sampleManifest } from '../../storage/sample.ts';
import { openTemporary, storeData, storeSample, type TemporaryStorage } from '../../storage/temporary.ts';

const job = 'consul-main';
const staleBefore = new Date('2026-11-30T00:00:00Z');
const [first, second, third] = ['20261122T080000Z', '20261122T090000Z', '20261122T100000Z'];
const storedSha256 = createHash('sha256').update(sampleData).digest('hex');
let opened: TemporaryStorage;
let warnings: string[];
beforeEach(async () => {
  opened = await openTemporary();
  warnings = [];
});
afterEach(() => opened.cleanup());

/** A backup whose manifest tells the truth about its data. */
async function store(id: string, changes: Partial<Manifest> = {}): Promise<Manifest> {
  const { objects } = sampleManifest(id, changes);
  return storeSample(opened.storage, id, {
    objects: objects.map((one) => ({ ...one, storedSha256 })),
    ...changes,
  });
}

async function scrub(changes: Partial<Scrubbing> = {}): Promise<Scrubbed> {
  return scrubStored({
    storage: opened.storage,
    ...{ job, staleBefore, by: 'verify-test', identities: [], slice: { number: 1, of: 1 } },
    signal: new AbortController().signal,
    log: { warn: (message) => warnings.push(message) },
    onProgress: () => undefined,
    ...changes,
  });
}

const path = (id: string, name = 'records.ndjson.zst') => join(opened.path, job, id, name);
const marked = async () => [...(await listMarks(opened.storage, job)).keys()].sort();
async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test('whole backups are read to the last byte, and nothing is written', async () => {
  await store(first);
  await store(second);
  await store(third, { unchangedSince: second });
  const names = () => Array.fromAsync(opened.storage.list(''), ({ name }) => name);
  const before = await names();
  expect(await scrub()).toEqual({
    slice: { number: 1, of: 1 },
    backups: 3,
    // What several backups consist of is read once.
    objectsRead: 2,
    bytesRead: 2 * sampleData.length,
    damaged: 0,
    findings: [],
    findingsInAll: 0,
  });
  expect(await names()).toEqual(before);
});

const damages: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ['missing', () => rm(path(first)), /27 bytes were written/],
  ['truncated', () => truncate(path(first), 5), /it has 5 bytes; 27 were written/],
  ['flipped', () => flip(path(first)), /SHA-256 .* written was/],
  ['flipped', () => writeFile(path(first), Buffer.alloc(40)), /it has 40 bytes; 27 were written/],
];

test.each(damages)(
  '%s data are found and named, and every backup of them is marked',
  async (kind, damage, why) => {
    await store(first);
    await store(second, { unchangedSince: first });
    await store(third);
    await damage();
    const { damaged, findings } = await scrub();
    expect(damaged).toBe(2);
    const object = `${first}/records.ndjson.zst`;
    const detail = expect.stringMatching(why) as string;
    expect(findings).toEqual([
      { kind, backup: second, object, detail },
      { kind, backup: first, object, detail },
    ]);
    expect(await marked()).toEqual([first, second]);
    expect(await readDamage(opened.storage, { job, id: second })).toMatchObject({
      by: 'verify-test',
      findings: [{ kind, backup: second, object, detail }],
    });
  },
);

test('a manifest that was changed is found; one of a newer release is nobody’s fault', async () => {
  await store(first);
  await store(second);
  await flip(path(first, 'manifest.json'));
  const manifest = await readFile(path(second, 'manifest.json'), 'utf8');
  const newer = manifest
    .replace('"formatVersion": 1', '"formatVersion": 2')
    .replace(/"manifestSha256": "\w+"/, '');
  const { encodeDocument } = await import('../../../storage/document.ts');
  const parsed = JSON.parse(newer.replace(/,\s*}\s*$/, '}')) as object;
  await writeFile(path(second, 'manifest.json'), encodeDocument(parsed, 'manifestSha256'));
  const { findings, backups } = await scrub();
  expect(backups).toBe(2);
  expect(findings).toMatchObject([{ kind: 'flipped', backup: first, object: `${first}/manifest.json` }]);
  expect(await marked()).toEqual([first]);
});

test('what no manifest names is found, and is no damage', async () => {
  await store(first);
  await opened.storage.putOnce(objectName(job, `${first}/notes.txt`), Buffer.alloc(9));
  await opened.storage.putOnce(objectName(job, `${first}/drills/20261123T000000Z.json`), Buffer.alloc(9));
  await storeData(opened.storage, sampleManifest(second));
  const old = new Date('2026-11-22T10:00:00Z');
  await utimes(path(second), old, old);
  await storeData(opened.storage, sampleManifest(third));
  const { findings, damaged } = await scrub();
  expect(damaged).toBe(0);
  // The third may belong to a run that is at work.
  expect(findings.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
    `unlisted ${first}/notes.txt`,
    `unlisted ${second}/records.ndjson.zst`,
  ]);
  expect(await marked()).toEqual([]);
});

test('slices read everything once; a damaged backup is read in every run until it is whole again', async () => {
  const ids = Array.from({ length: 30 }, (_, index) => `20261101T${String(index).padStart(6, '0')}Z`);
  for (const id of ids) await store(id);
  const counts: number[] = [];
  for (let number = 1; number <= 7; number++)
    counts.push((await scrub({ slice: { number, of: 7 } })).objectsRead);
  expect(counts.reduce((sum, count) => sum + count)).toBe(30);
  expect(Math.max(...counts)).toBeLessThan(30);

  const [broken = ''] = ids;
  const own = sliceOf(broken, 7);
  const other = { number: (own % 7) + 1, of: 7 };
  const whole = await readFile(path(broken));
  await flip(path(broken));
  expect((await scrub({ slice: other })).damaged).toBe(0);
  expect((await scrub({ slice: { number: own, of: 7 } })).damaged).toBe(1);
  expect((await scrub({ slice: other })).damaged).toBe(1);
  await writeFile(path(broken), whole);
  expect((await scrub({ slice: other })).damaged).toBe(0);
  expect(await marked()).toEqual([]);
});

test('what is missing is seen in every slice', async () => {
  await store(first);
  await rm(path(first));
  const number = (sliceOf(first, 7) % 7) + 1;
  expect((await scrub({ slice: { number, of: 7 } })).findings).toMatchObject([
    { kind: 'missing', backup: first },
  ]);
});

test('the mark of a backup that somebody deleted goes', async () => {
  await store(first);
  await flip(path(first));
  await scrub();
  await rm(join(opened.path, job, first), { recursive: true });
  expect(await scrub()).toMatchObject({ backups: 0, damaged: 0 });
  expect(await marked()).toEqual([]);
});

test('an attempt goes on where the one before stopped, and finds again what that has found', async () => {
  for (const id of [first, second, third]) await store(id);
  await flip(path(first));
  const shown: ScrubProgress[] = [];
  const stop = new HoldfastError('StorageUnreachable', 'gone');
  const breaking: Storage = {
    ...opened.storage,
    get: (name, options) => {
      if (name.includes(`${third}/records`)) throw stop;
      return opened.storage.get(name, options);
    },
  };
  const failing = scrub({ storage: breaking, onProgress: (progress) => shown.push(progress) });
  await expect(failing).rejects.toBe(stop);
  const reached = shown.at(-1)?.reached;
  expect(reached).toEqual({ after: second, objects: 2, bytes: 2 * sampleData.length });

  const read: string[] = [];
  const counting: Storage = {
    ...opened.storage,
    get: (name, options) => {
      if (name.endsWith('.zst')) read.push(name.split('/')[1] ?? '');
      return opened.storage.get(name, options);
    },
  };
  const { findings } = await scrub({ storage: counting, reached });
  expect(new Set(read)).toEqual(new Set([first, third]));
  expect(findings).toMatchObject([{ kind: 'flipped', backup: first }]);
});

test('one bad read is not yet damage', async () => {
  await store(first);
  let reads = 0;
  const once: Storage = {
    ...opened.storage,
    get: (name, options) => {
      if (!name.endsWith('.zst') || reads++ > 0) return opened.storage.get(name, options);
      return badBytes();
    },
  };
  expect((await scrub({ storage: once })).damaged).toBe(0);
  expect(reads).toBe(2);
});

// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for, but a body is asynchronous
async function* badBytes(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(sampleData.length);
}

test('a backup that is pruned meanwhile has lost nothing', async () => {
  await store(first);
  await store(second);
  const pruning: Storage = {
    ...opened.storage,
    async head(name, signal) {
      const plan = await planPrune(opened.storage, job, { last: 1, safety: 0, timezone: 'UTC' }, new Date());
      await prune(opened.storage, plan);
      return opened.storage.head(name, signal);
    },
  };
  expect(await scrub({ storage: pruning })).toMatchObject({ damaged: 0, findings: [] });
  expect(await marked()).toEqual([]);
});

test('who may only read still learns what is damaged', async () => {
  await store(first);
  await flip(path(first));
  const readOnly: Storage = {
    ...opened.storage,
    put: () => Promise.reject(new HoldfastError('StorageDenied', 'read only')),
  };
  expect((await scrub({ storage: readOnly })).damaged).toBe(1);
  expect(warnings).toEqual([expect.stringMatching(/could not be marked as damaged \(read only\)/)]);
});
