import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readFacts } from '../../activities/index-facts.ts';
import { verifyIndices } from '../../activities/verify-indices.ts';
import { keepsOwnBackups } from '../../activities/open.ts';
import { jobOf } from '../../activities/step.ts';
import { lookForSnapshots } from '../../client/snapshots-there.ts';
import { type OpenSearchServer, startOpenSearch } from '../../services/opensearch.ts';
import { readEntry } from '../../storage/catalog.ts';
import type { RestoreRequest } from '../../workflows/contract/restore.ts';
import { fakeIo } from '../client/fake-io.ts';
import { askCluster, countIn, empty, fill, must } from '../stores/elasticsearch/plain.ts';
import { backUp, nextId, restoreAs, startBackup } from './index-runs.ts';
import { type Rig, startRig } from './rig.ts';

/** Snapshots of indices, as Temporal runs them. */
let server: OpenSearchServer;
let rig: Rig;
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startOpenSearch();
  const job = (name: string, more: object = {}, settings: object = {}) => ({
    prefix: '',
    elasticsearch: {
      addresses: [server.address],
      indices: [`${name}-*`],
      repository: {
        name,
        type: 'fs',
        settings: { location: join(server.repositories, name), ...settings },
      },
    },
    ...more,
  });
  rig = await startRig({
    search: job('search'),
    few: job('few', { keep: { last: 1 } }),
    slow: job('slow', {}, { max_snapshot_bytes_per_sec: '20kb' }),
  });
}, 300_000);
afterAll(async () => {
  await rig.stop();
  await server.stop();
});
beforeEach(() => empty(server.address));

const backup = (job: string) => backUp(rig, job);
const restore = (job: string, wish: RestoreRequest & { requestId: string }) => restoreAs(rig, job, wish);

function snapshotsIn(repository: string): Promise<readonly string[]> {
  return must(server.address, 'GET', `/_snapshot/${repository}/_all`).then((body) =>
    (body as { snapshots: { snapshot: string }[] }).snapshots.map(({ snapshot }) => snapshot),
  );
}

test('a backup is a snapshot in the cluster, and what is known of each index in the storage', async () => {
  await fill(server.address, 'search-1', 30);
  await fill(server.address, 'search-2', 3);
  await fill(server.address, 'other', 3);
  const manifest = await backup('search');
  const name = `${manifest.id.replace(/^(\d{4})(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3-$4-$5-$6')}_search`;
  expect(manifest).toMatchObject({
    store: { kind: 'elasticsearch', version: '3.3.2', details: { product: 'opensearch' } },
    moment: { index: expect.stringMatching(/^\d{13}$/), consistency: 'per-shard' },
    content: { records: 33 },
    objects: [{ name: `${manifest.id}/indices.ndjson.zst`, format: 'indices.ndjson' }],
    snapshot: { repository: 'search', name },
    checks: [{ name: 'snapshot', outcome: 'equal', detail: expect.stringContaining('2 indices') }],
  });
  expect(await snapshotsIn('search')).toEqual([name]);
  const facts = await readFacts(rig.storage, manifest, [], never);
  expect(facts.map(({ index, documents }) => [index, documents])).toEqual([
    ['search-1', 30],
    ['search-2', 3],
  ]);

  // Somebody deletes it behind our back.
  const job = jobOf(rig.config, 'search');
  const [object] = manifest.objects;
  if (!keepsOwnBackups(job) || object === undefined) throw new Error('no job of indices');
  const source = {
    job: 'search',
    storage: rig.storage,
    repository: job,
    identities: () => Promise.resolve([]),
  };
  const look = async () => (await lookForSnapshots(source, fakeIo()))(manifest);
  expect(await look()).toBe('there');
  await must(server.address, 'DELETE', `/_snapshot/search/${name}`);
  expect(await look()).toBe('missing');
  const verifying = { job, storage: rig.storage, identities: [], signal: never };
  await expect(verifyIndices(verifying, manifest, object)).rejects.toMatchObject({ code: 'ObjectMissing' });
  const report = await restore('search', { backup: manifest.id, requestId: 'gone' });
  expect(report).toMatchObject({ outcome: 'failed', failure: { code: 'ObjectMissing' } });
});

test('a restore makes new indices beside the old ones, moves the aliases, and proves', async () => {
  await fill(server.address, 'search-1', 25);
  await fill(server.address, 'search-2', 5);
  await must(server.address, 'POST', '/_aliases', {
    actions: [{ add: { index: 'search-1', alias: 'current' } }],
  });
  await backup('search');
  await fill(server.address, 'search-1', 40);
  const report = await restore('search', {
    indices: 'search-1',
    swapAliases: true,
    indexSettings: { 'index.number_of_replicas': 0 },
    requestId: 'beside',
  });
  expect(report.waited.plan).toMatchObject({
    add: 1,
    change: 0,
    harmless: true,
    examples: [{ op: 'add', key: 'restored-search-1', from: 'search-1', seen: '0' }],
  });
  expect(report).toMatchObject({
    outcome: 'restored',
    applied: { added: 1, changed: 0 },
    proof: { compared: 1, documents: 25, samples: 20, differing: 0, aliases: ['current'] },
  });
  expect(report.safetyBackup).toBeUndefined();
  expect([await countIn(server.address, 'current'), await countIn(server.address, 'search-1')]).toEqual([
    25, 40,
  ]);

  const again = await restore('search', { indices: 'search-1', requestId: 'clash' });
  expect(again).toMatchObject({ outcome: 'failed', failure: { code: 'Unrestorable' } });
  expect(again.failure?.message).toContain('an index has this name');
});

test('in place, what is there is backed up first', async () => {
  await fill(server.address, 'search-1', 5);
  await backup('search');
  await fill(server.address, 'search-1', 9);
  const report = await restore('search', { inPlace: 'close', indices: 'search-1', requestId: 'in place' });
  expect(report).toMatchObject({ outcome: 'restored', plan: { add: 0, change: 1 }, proof: { documents: 5 } });
  expect(await countIn(server.address, 'search-1')).toBe(5);
  const safety = await readEntry(rig.storage, 'search', report.safetyBackup ?? '');
  expect(safety).toMatchObject({ manifest: { reason: 'safety', content: { records: 9 } } });
});

test('what is asked for keys is refused', async () => {
  await fill(server.address, 'search-1', 1);
  await backup('search');
  const report = await restore('search', { prefix: 'search', requestId: 'keys' });
  expect(report).toMatchObject({ outcome: 'failed', failure: { code: 'BadRequest' } });
});

test('retention deletes the snapshots first, and only its own', async () => {
  await fill(server.address, 'few-1', 1);
  const one = await backup('few');
  await must(server.address, 'PUT', '/_snapshot/few/theirs?wait_for_completion=true', {});
  const two = await backup('few');
  expect((await snapshotsIn('few')).toSorted()).toEqual([two.snapshot?.name, 'theirs']);
  expect(await readEntry(rig.storage, 'few', one.id)).toMatchObject({ state: 'unfinished' });
  expect(await rig.stored('few')).toHaveLength(2);
});

test('cancelling the backup ends the snapshot, and nothing of it stays', async () => {
  await fill(server.address, 'slow-1', 5_000);
  const running = await startBackup(rig, 'slow', await nextId());
  for (;;) {
    const { body } = await askCluster(server.address, 'GET', '/_snapshot/slow/_current');
    if (((body as { snapshots?: unknown[] }).snapshots ?? []).length > 0) break;
    await sleep(20);
  }
  await running.cancel();
  await expect(running.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(await snapshotsIn('slow')).toEqual([]);
  expect(await rig.stored('slow')).toEqual([]);
});
