import { truncate, writeFile } from 'node:fs/promises';
import { captureJob } from '../../activities/capture.ts';
import { discard } from '../../activities/discard.ts';
import { publish } from '../../activities/publish.ts';
import type { Step } from '../../activities/step.ts';
import { verifyStored } from '../../activities/verify.ts';
import { markDamaged } from '../../storage/damage.ts';
import type { Captured, CaptureInput } from '../../workflows/contract/backup.ts';
import { createScene, type Scene } from './fakes.ts';

let scene: Scene;
const keys = { 'app/a': '1', 'app/b': '2', other: '3' };

beforeEach(async () => {
  scene = await createScene(keys);
});
afterEach(() => scene.cleanup());

const first = '20261122T041500Z';
const later = '20261122T051500Z';

function capture(input: Partial<CaptureInput> = {}, step: Step = scene.step()): Promise<Captured> {
  return captureJob(step, scene.job, scene.ends, { job: 'demo', id: first, reason: 'schedule', ...input });
}

async function backup(input: Partial<CaptureInput> = {}): Promise<Captured> {
  const captured = await capture(input);
  const verified = await verifyStored(scene.step(), scene.job, scene.ends.storage, captured);
  await publish(scene.step(), { captured, verified });
  return captured;
}

const path = (id: string): string =>
  scene.ends.storage.address.replace('file://', '') + `/demo/${id}/records.ndjson.zst`;

test('a capture stores all keys as one object, and is not yet a backup', async () => {
  const captured = await capture();
  expect(captured).toMatchObject({ content: { records: 3 }, scope: { prefix: '' }, moment: { index: '10' } });
  expect(await scene.names()).toEqual([`demo/${first}/records.ndjson.zst`]);
  expect(scene.progress.at(-1)).toEqual({ phase: 'reading', records: 3, bytes: 18 });
});

test('an unchanged store is not read again', async () => {
  await backup();
  expect(await backup({ id: later })).toMatchObject({ unchangedSince: first, content: { records: 3 } });
  expect(scene.ends.store.reads).toBe(1);
});

const differences: readonly (readonly [string, () => unknown, Partial<CaptureInput>])[] = [
  ['the store changed', () => (scene.ends.store.index += 1), {}],
  ['another datacenter answers', () => (scene.ends.store.datacenter = 'dc2'), {}],
  ['the scope differs', () => undefined, { scope: { prefix: 'app/' } }],
  ['it is a safety backup', () => undefined, { reason: 'safety' }],
  ['the data is a day old', () => undefined, { id: '20261123T041500Z' }],
  ['the clock went back', () => undefined, { id: '20261122T031500Z' }],
  ['the data is gone', () => scene.ends.storage.remove([`demo/${first}/records.ndjson.zst`]), {}],
  [
    'a verification found the data damaged',
    () =>
      markDamaged(
        scene.ends.storage,
        { job: 'demo', id: first },
        { findings: [], by: 'verify', at: '2026-11-22T05:00:00Z' },
        new AbortController().signal,
      ),
    {},
  ],
  ['the data is cut short', () => truncate(path(first), 10), {}],
];

test.each(differences)('it is read again where %s', async (_, change, input) => {
  await backup();
  await change();
  const again = await capture({ id: later, ...input });
  expect(again.unchangedSince).toBeUndefined();
  expect(scene.ends.store.reads).toBe(2);
});

test('a safety backup is not leaned on', async () => {
  await backup({ reason: 'safety' });
  expect((await capture({ id: later })).unchangedSince).toBeUndefined();
});

test('an empty store is refused, and nothing is left', async () => {
  scene.ends.store.keys.clear();
  await expect(capture()).rejects.toMatchObject({ code: 'StoreEmpty' });
  expect(await scene.names()).toEqual([]);
  expect(await capture({ reason: 'safety' })).toMatchObject({ content: { records: 0 } });
});

test('a backup that another run has published is not touched', async () => {
  await backup();
  const before = await scene.names();
  await expect(capture({}, scene.step(1, 'another'))).rejects.toMatchObject({ code: 'BackupExists' });
  await expect(capture({}, scene.step(2, 'another'))).rejects.toMatchObject({ code: 'BackupExists' });
  expect(await scene.names()).toEqual(before);
});

test('a run that was reset comes back to what it has published', async () => {
  const captured = await backup();
  expect(await capture()).toEqual(captured);
  expect(scene.ends.store.reads).toBe(1);
});

test('a second attempt replaces what the first one left; a first one never removes anything', async () => {
  await capture();
  await expect(capture()).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  scene.ends.store.keys.set('new', 'x');
  expect(await capture({}, scene.step(2))).toMatchObject({ content: { records: 4 } });
});

test('what was stored is read back, and a flipped byte is found', async () => {
  const captured = await capture();
  const { storage } = scene.ends;
  expect(await verifyStored(scene.step(), scene.job, storage, captured)).toMatchObject({
    bytesRead: captured.objects[0]?.storedBytes,
  });
  await writeFile(path(first), 'something else of another length');
  await expect(verifyStored(scene.step(), scene.job, storage, captured)).rejects.toMatchObject({
    code: 'VerifyFailed',
    retryable: false,
  });
  await storage.remove([`demo/${first}/records.ndjson.zst`]);
  await expect(verifyStored(scene.step(), scene.job, storage, captured)).rejects.toMatchObject({
    code: 'VerifyFailed',
  });
});

test('discarding removes what is unfinished, and only that', async () => {
  await capture();
  await discard(scene.step(), { job: 'demo', id: first });
  expect(await scene.names()).toEqual([]);
  await backup();
  const before = await scene.names();
  await discard(scene.step(), { job: 'demo', id: first });
  expect(await scene.names()).toEqual(before);
});

test('an encrypted backup is verified by a worker that cannot decrypt it', async () => {
  await scene.cleanup();
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  scene = await createScene(keys, { encrypt: { recipients: [recipient] } });
  const captured = await capture();
  expect(captured).toMatchObject({ recipients: [recipient], objects: [{ encryption: 'age' }] });
  const { storage } = scene.ends;
  await verifyStored(scene.step(), scene.job, storage, captured);
  await truncate(`${path(first)}.age`, 100);
  await expect(verifyStored(scene.step(), scene.job, storage, captured)).rejects.toMatchObject({
    code: 'VerifyFailed',
  });
});
