import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openElasticsearch } from '../../../stores/elasticsearch/elasticsearch.ts';
import type { ElasticsearchSettings } from '../../../stores/elasticsearch/settings.ts';
import type { RepositoryStore, SnapshotProgress } from '../../../stores/repository-store.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import type { IndexFacts } from '../../../workflows/contract/index-facts.ts';
import { askCluster, countIn, empty, fill, must, settingsFor } from './plain.ts';

export interface Cluster {
  readonly address: string;
  /** A repository that nobody uses yet. */
  freshRepository(): NonNullable<ElasticsearchSettings['repository']['definition']>;
  /** One that none of the nodes can write to, with a part of the reason that the server gives. */
  readonly unwritable: {
    readonly definition: NonNullable<ElasticsearchSettings['repository']['definition']>;
    readonly reason: RegExp;
  };
  stop(): Promise<void>;
}

const never = new AbortController().signal;
const quiet = { signal: never, onProgress: () => undefined };
export const proving = { signal: never, onIndex: () => undefined };
const first = '20261122T041500Z';
const second = '20261122T051500Z';
export const renamed: IndexWish = {
  indices: ['*'],
  into: { how: 'rename', pattern: '(.+)', replacement: 'restored-$1' },
  settings: {},
  keepLifecycle: false,
  swapAliases: false,
};
const inPlace = (how: 'close' | 'delete', ...indices: string[]): IndexWish => ({
  ...renamed,
  indices,
  into: { how },
});

/** What holds for every product and release. */
export function holdsForEveryCluster(start: () => Promise<Cluster>): void {
  let cluster: Cluster;
  const stores: RepositoryStore[] = [];
  beforeAll(async () => {
    cluster = await start();
  }, 300_000);
  afterAll(async () => {
    stores.forEach((store) => store.close());
    await cluster.stop();
  });
  beforeEach(() => empty(cluster.address));

  function open(more: Partial<ElasticsearchSettings> = {}, job = 'search-prod'): RepositoryStore {
    const store = openElasticsearch(settingsFor(cluster.address, cluster.freshRepository(), more), job);
    stores.push(store);
    return store;
  }
  const take = (store: RepositoryStore, id = first, mayBeEmpty = false) =>
    store.take(id, { ...quiet, mayBeEmpty });
  const ask = (method: string, path: string, body?: unknown) => must(cluster.address, method, path, body);

  describe('repository', () => {
    test('35: absent it is made, the same it is left, different it is named, changed only with `update`', async () => {
      const definition = cluster.freshRepository();
      const settings = settingsFor(cluster.address, definition);
      const repository = settings.repository;
      await open({ repository }).prepare(never);
      const made = await ask('GET', '/_snapshot/holdfast');
      await open({ repository }).prepare(never);
      expect(await ask('GET', '/_snapshot/holdfast')).toEqual(made);

      const other = {
        ...definition,
        settings: { ...definition.settings, max_snapshot_bytes_per_sec: '10mb' },
      };
      await expect(
        open({ repository: { ...repository, definition: other } }).prepare(never),
      ).rejects.toMatchObject({
        code: 'RepositoryUnusable',
        message: expect.stringContaining('max_snapshot_bytes_per_sec: (not set), not 10mb'),
      });
      expect(await ask('GET', '/_snapshot/holdfast')).toEqual(made);
      await open({ repository: { ...repository, definition: other, update: true } }).prepare(never);
      expect(JSON.stringify(await ask('GET', '/_snapshot/holdfast'))).toContain(
        '"max_snapshot_bytes_per_sec":"10mb"',
      );
    });

    test('36: one that the nodes cannot write to fails with their reason', async () => {
      const { definition, reason } = cluster.unwritable;
      const store = open({ repository: { name: 'unwritable', definition, update: false } });
      await expect(store.prepare(never)).rejects.toMatchObject({
        code: 'RepositoryUnusable',
        message: expect.stringMatching(reason),
      });
    });

    test('one that somebody else should have made, and has not, is missed', async () => {
      const store = open({ repository: { name: 'theirs', update: false } });
      await expect(store.prepare(never)).rejects.toMatchObject({ code: 'RepositoryUnusable' });
      const definition = cluster.freshRepository();
      await ask('PUT', '/_snapshot/theirs', definition);
      await store.prepare(never);
    });
  });

  describe('snapshot', () => {
    test('34, 63: holds every index, with what is in them, under the name of job and time', async () => {
      await fill(cluster.address, 'one', 30);
      await fill(cluster.address, 'two', 3);
      await ask('PUT', '/closed', { aliases: { 'an-alias': { filter: { term: { a: 1 } } } } });
      await ask('POST', '/closed/_close');
      const store = open();
      await store.prepare(never);
      const progress: SnapshotProgress[] = [];
      const { snapshot, facts, leftOut } = await store.take(first, {
        ...quiet,
        mayBeEmpty: false,
        onProgress: (told) => progress.push(told),
      });

      expect(snapshot).toMatchObject({
        name: '2026-11-22-04-15-00_search-prod',
        state: 'SUCCESS',
        owner: { job: 'search-prod', id: first },
        failures: [],
      });
      expect([...snapshot.indices].sort()).toEqual(['closed', 'one', 'two']);
      expect(leftOut).toEqual([]);
      const told = facts.map(({ index, state, documents, settled }) => ({
        index,
        state,
        documents,
        settled,
      }));
      expect(told).toEqual([
        { index: 'closed', state: 'close', documents: undefined, settled: expect.any(Boolean) },
        { index: 'one', state: 'open', documents: 30, settled: true },
        { index: 'two', state: 'open', documents: 3, settled: true },
      ]);
      expect(facts.map(({ samples }) => samples.length)).toEqual([0, 20, 3]);
      expect(facts[0]?.aliases).toEqual({ 'an-alias': { filter: { term: { a: 1 } } } });
      expect(
        new Set(facts.flatMap(({ samples }) => samples.map(({ digest }) => digest))).size,
      ).toBeGreaterThan(19);
      const shown = (await ask('GET', `/_snapshot/holdfast/${snapshot.name}`)) as { snapshots: object[] };
      expect(shown.snapshots[0]).toMatchObject({ include_global_state: false, state: 'SUCCESS' });
    });

    test('38: taken again for the same backup, it is the same one; for another, it is another', async () => {
      await fill(cluster.address, 'one', 5);
      const store = open();
      await store.prepare(never);
      const before = await take(store);
      const again = await take(store);
      expect(again.snapshot.uuid).toBe(before.snapshot.uuid);
      expect(again.facts).toEqual(before.facts);
      expect((await take(store, second)).snapshot.uuid).not.toBe(before.snapshot.uuid);
      expect((await store.listOwn(never)).map(({ name }) => name).sort()).toEqual([
        '2026-11-22-04-15-00_search-prod',
        '2026-11-22-05-15-00_search-prod',
      ]);
    });

    test('what was written after it began is known not to be counted', async () => {
      await fill(cluster.address, 'busy', 5);
      await fill(cluster.address, 'quiet', 5);
      const store = open();
      await store.prepare(never);
      await take(store);
      // As a second attempt, which finds the snapshot of the first.
      await fill(cluster.address, 'busy', 7);
      // Nor does an index that came since count as missing.
      await fill(cluster.address, 'new', 1);
      const { facts } = await take(store);
      expect(facts.map(({ index, settled }) => [index, settled])).toEqual([
        ['busy', false],
        ['quiet', false],
      ]);
    });

    test('a name that is somebody else’s is not touched', async () => {
      await fill(cluster.address, 'one', 1);
      const store = open();
      await store.prepare(never);
      await ask('PUT', `/_snapshot/holdfast/${store.nameOf(first)}?wait_for_completion=true`, {});
      await expect(take(store)).rejects.toMatchObject({ code: 'BackupExists' });
      await expect(store.remove(store.nameOf(first), never)).rejects.toMatchObject({ code: 'StoreRefused' });
      const other = open({}, 'other-job');
      await take(store, second);
      await expect(other.remove(store.nameOf(second), never)).rejects.toMatchObject({ code: 'StoreRefused' });
      expect(await other.listOwn(never)).toEqual([]);
    });

    test('39: an unassigned primary fails it, by name', async () => {
      await fill(cluster.address, 'fine', 1);
      await ask('PUT', '/homeless?wait_for_active_shards=0', {
        settings: { 'index.routing.allocation.require._name': 'nobody' },
      });
      const store = open();
      await store.prepare(never);
      await expect(take(store)).rejects.toMatchObject({
        code: 'SnapshotIncomplete',
        message: expect.stringContaining('homeless'),
      });
    });

    test('37: only the indices that are asked for; a name that is not there is missed', async () => {
      await fill(cluster.address, 'logs-1', 1);
      await fill(cluster.address, 'logs-old', 1);
      await fill(cluster.address, 'other', 1);
      const store = open({ indices: ['logs-*', '-logs-old'] });
      await store.prepare(never);
      expect((await take(store)).snapshot.indices).toEqual(['logs-1']);
      await expect(take(open({ indices: ['nobody'] }), second)).rejects.toMatchObject({
        code: 'StoreRefused',
        message: expect.stringContaining('nobody'),
      });
    });

    test('what the cluster keeps for itself is no missing index', async () => {
      await fill(cluster.address, 'one', 1);
      // The result of a task that nobody waits for is kept in a system index.
      await ask('POST', '/one/_forcemerge?wait_for_completion=false');
      while ((await askCluster(cluster.address, 'GET', '/.tasks')).status !== 200) await sleep(50);
      const store = open();
      await store.prepare(never);
      const { snapshot, leftOut } = await take(store);
      const named = leftOut.flatMap(({ examples }) => examples);
      expect([...snapshot.indices, ...named].sort()).toEqual(['.tasks', 'one']);
    });

    test('an empty cluster is a failure, unless it may be empty', async () => {
      const store = open({ indices: ['logs-*'] });
      await store.prepare(never);
      await expect(take(store)).rejects.toMatchObject({ code: 'StoreEmpty' });
      expect((await take(store, first, true)).facts).toEqual([]);
    });

    test('an attempt that breaks off leaves it at work; the next one finds it; removing it ends it', async () => {
      await fill(cluster.address, 'one', 3_000);
      const slow = cluster.freshRepository();
      const settings = { ...slow.settings, max_snapshot_bytes_per_sec: '20kb' };
      const store = open({
        repository: { name: 'slow', definition: { ...slow, settings }, update: false },
      });
      await store.prepare(never);
      const broken = new AbortController();
      const reached = Promise.withResolvers<undefined>();
      const attempt = store.take(first, {
        signal: broken.signal,
        mayBeEmpty: false,
        onProgress: () => reached.resolve(undefined),
      });
      await reached.promise;
      broken.abort(new Error('the worker goes'));
      await expect(attempt).rejects.toThrow('the worker goes');
      const left = await store.find(store.nameOf(first), never);
      expect(left).toMatchObject({ state: 'IN_PROGRESS', owner: { id: first } });
      const { snapshot, facts } = await take(store);
      expect(snapshot).toMatchObject({ state: 'SUCCESS', uuid: left?.uuid });
      expect(facts).toMatchObject([{ index: 'one', documents: 3_000, settled: true }]);

      // Written anew, so that there is something to copy again.
      await fill(cluster.address, 'one', 3_000);
      const another = store.take(second, { ...quiet, mayBeEmpty: false });
      const ended = expect(another).rejects.toMatchObject({ code: expect.stringMatching(/^S/) });
      while ((await store.find(store.nameOf(second), never)) === undefined) await sleep(20);
      await store.remove(store.nameOf(second), never);
      await ended;
      expect((await store.listOwn(never)).map(({ name }) => name)).toEqual([snapshot.name]);
    });

    test('removed, it is gone, and only once', async () => {
      await fill(cluster.address, 'one', 1);
      const store = open();
      await store.prepare(never);
      const { name } = (await take(store)).snapshot;
      expect(await store.find(name, never)).toMatchObject({ state: 'SUCCESS' });
      expect(await store.remove(name, never)).toBe(true);
      expect(await store.find(name, never)).toBeUndefined();
      expect(await store.remove(name, never)).toBe(false);
      expect(await store.cleanUp(never)).toEqual({ blobs: expect.any(Number), bytes: expect.any(Number) });
    });
  });

  describe('restore', () => {
    async function backedUp(): Promise<{
      store: RepositoryStore;
      name: string;
      facts: readonly IndexFacts[];
    }> {
      const store = open();
      await store.prepare(never);
      const { snapshot, facts } = await take(store);
      return { store, name: snapshot.name, facts };
    }
    async function restore(
      store: RepositoryStore,
      name: string,
      facts: readonly IndexFacts[],
      wish: IndexWish,
    ) {
      const plan = await store.planRestore(facts, wish, never);
      await store.applyRestore(name, plan, wish, quiet);
      return { plan, proof: await store.proveRestore(facts, plan, proving) };
    }

    test('64: under new names, beside the old ones, equal to the last digit', async () => {
      await fill(cluster.address, 'one', 25);
      await ask('PUT', '/two', { settings: { 'index.lifecycle.name': undefined, number_of_replicas: 0 } });
      const { store, name, facts } = await backedUp();
      await ask('DELETE', '/one');
      const { plan, proof } = await restore(store, name, facts, {
        ...renamed,
        indices: ['o*'],
        settings: { 'index.number_of_replicas': 0 },
      });
      expect(plan).toEqual([{ op: 'add', index: 'one', target: 'restored-one', seen: '0' }]);
      expect(proof).toEqual({
        ...{ indices: 1, documents: 25, samples: 20, differing: 0, examples: [], notCounted: 0 },
      });
      expect(await countIn(cluster.address, 'restored-one')).toBe(25);
      const found = await fetch(`${cluster.address}/restored-one/_doc/24`);
      expect(await found.text()).toContain('"long":4611686018427387928');
      const settings = JSON.stringify(await ask('GET', '/restored-one/_settings?flat_settings=true'));
      expect(settings).toContain('"index.number_of_replicas":"0"');
      expect((await askCluster(cluster.address, 'GET', '/restored-two')).status).toBe(404);
    });

    test('64: a name clash is found in the plan', async () => {
      await fill(cluster.address, 'one', 1);
      await fill(cluster.address, 'two', 1);
      const { store, facts } = await backedUp();
      await ask('PUT', '/restored-one');
      await ask('PUT', '/elsewhere', { aliases: { 'restored-two': {} } });
      expect(await store.planRestore(facts, renamed, never)).toEqual([
        expect.objectContaining({ op: 'refuse', target: 'restored-one', reason: 'an index has this name' }),
        expect.objectContaining({ op: 'refuse', target: 'restored-two', reason: 'an alias has this name' }),
      ]);
      const merged: IndexWish = { ...renamed, into: { how: 'rename', pattern: '.+', replacement: 'all' } };
      expect((await store.planRestore(facts, merged, never)).map(({ op, reason }) => [op, reason])).toEqual([
        ['add', undefined],
        ['refuse', 'one would get this name, too'],
      ]);
      await expect(
        store.planRestore(
          facts,
          { ...renamed, into: { how: 'rename', pattern: '(', replacement: '' } },
          never,
        ),
      ).rejects.toMatchObject({ code: 'BadRequest' });
    });

    test.each(['close', 'delete'] as const)('in place, by %s', async (how) => {
      await fill(cluster.address, 'one', 5);
      await ask('POST', '/_aliases', { actions: [{ add: { index: 'one', alias: 'current' } }] });
      const { store, name, facts } = await backedUp();
      await fill(cluster.address, 'one', 9);
      const { plan, proof } = await restore(store, name, facts, inPlace(how, 'one'));
      expect(plan).toEqual([
        { op: 'change', index: 'one', target: 'one', seen: expect.stringMatching(/.{10}/) },
      ]);
      expect(proof).toMatchObject({ documents: 5, differing: 0 });
      expect(await countIn(cluster.address, 'current')).toBe(5);
    });

    test('in place by closing, another number of shards is found in the plan', async () => {
      await fill(cluster.address, 'one', 1);
      const { store, facts } = await backedUp();
      await ask('DELETE', '/one');
      await ask('PUT', '/one', { settings: { number_of_shards: 2 } });
      expect(await store.planRestore(facts, inPlace('close', 'one'), never)).toEqual([
        expect.objectContaining({ op: 'refuse', reason: expect.stringContaining('2 primary shards') }),
      ]);
      expect(await store.planRestore(facts, inPlace('delete', 'one'), never)).toEqual([
        expect.objectContaining({ op: 'change' }),
      ]);
    });

    test('an index that came after the plan is not touched', async () => {
      await fill(cluster.address, 'one', 1);
      const { store, name, facts } = await backedUp();
      const wish = inPlace('delete', 'one');
      const plan = await store.planRestore(facts, wish, never);
      await ask('DELETE', '/one');
      await fill(cluster.address, 'one', 8);
      await expect(store.applyRestore(name, plan, wish, quiet)).rejects.toMatchObject({
        code: 'RestoreConflict',
      });
      expect(await countIn(cluster.address, 'one')).toBe(8);
    });

    test('applied again, it finds what it has restored', async () => {
      await fill(cluster.address, 'one', 4);
      const { store, name, facts } = await backedUp();
      const { plan } = await restore(store, name, facts, renamed);
      await store.applyRestore(name, plan, renamed, quiet);
      expect(await store.proveRestore(facts, plan, proving)).toMatchObject({ differing: 0, documents: 4 });
    });

    test('what differs after it is named', async () => {
      await fill(cluster.address, 'one', 4);
      const { store, name, facts } = await backedUp();
      const { plan } = await restore(store, name, facts, renamed);
      await ask('PUT', '/restored-one/_doc/2?refresh=true', '{"long":1}');
      await ask('DELETE', '/restored-one/_doc/3?refresh=true');
      expect(await store.proveRestore(facts, plan, proving)).toMatchObject({
        differing: 1,
        examples: [
          expect.stringMatching(/^restored-one: 3 documents, not 4, .*document "\d" (is missing|differs)/),
        ],
      });
    });

    test('aliases move to what was restored, in one step', async () => {
      await fill(cluster.address, 'one', 2);
      await ask('POST', '/_aliases', {
        actions: [{ add: { index: 'one', alias: 'current', filter: { term: { text: 'x' } } } }],
      });
      const { store, name, facts } = await backedUp();
      const { plan } = await restore(store, name, facts, renamed);
      expect(await ask('GET', '/_alias/current')).toEqual({ one: expect.anything() });
      expect(await store.swapAliases(facts, plan, never)).toEqual(['current']);
      expect(await ask('GET', '/_alias/current')).toEqual({
        'restored-one': { aliases: { current: { filter: { term: { text: 'x' } } } } },
      });
    });
  });

  test('it says who it is', async () => {
    expect(await open().describe(never)).toMatchObject({
      kind: 'elasticsearch',
      address: cluster.address,
      details: { cluster: 'holdfast', clusterUuid: expect.stringMatching(/.{10}/) },
    });
  });

  test('65: a node that is down is passed over', async () => {
    const store = open({ addresses: ['http://127.0.0.1:1', cluster.address] });
    expect((await store.describe(never)).address).toBe(cluster.address);
  });
}

export const anyName = () => randomUUID();
