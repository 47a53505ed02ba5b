import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startConsul } from '../../../services/consul.ts';
import type { ConsulServer } from '../../../services/consul.ts';
import { openConsul } from '../../../stores/consul/consul.ts';
import { planLine, planWrites } from '../../../stores/plan.ts';
import { seenIndex } from '../../../stores/store.ts';
import type { KeyStore } from '../../../stores/store.ts';
import { collect, readAll, send } from '../conformance.ts';
import { askConsul, fillConsul, listConsul, transactConsul } from '../plain-consul.ts';
import { record, source } from '../records.ts';

const never = new AbortController().signal;

describe('a real Consul', () => {
  let server: ConsulServer;
  let store: KeyStore;
  beforeAll(async () => {
    server = await startConsul();
    store = openConsul({ addresses: [server.address], consistency: 'consistent' });
  });
  beforeEach(() => askConsul(server.address, 'DELETE', '/v1/kv/?recurse'));
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  async function newSession(): Promise<string> {
    const { text } = await askConsul(server.address, 'PUT', '/v1/session/create', '{"LockDelay":"0s"}');
    return (JSON.parse(text) as { ID: string }).ID;
  }

  test('keys that are not UTF-8 are refused by name, a U+FFFD that stands in a key is read', async () => {
    await fillConsul(server.address, [record('fine', 'v'), record('really \ufffd', 'v')]);
    expect((await readAll(store)).map(({ key }) => key.toString())).toEqual(['fine', 'really \ufffd']);
    // Two keys that Consul shows by one name.
    await askConsul(server.address, 'PUT', '/v1/kv/bad%FF%FE', 'v');
    await askConsul(server.address, 'PUT', '/v1/kv/bad%FE%FF', 'v');
    await expect(readAll(store)).rejects.toMatchObject({
      code: 'UnreadableKeys',
      message: expect.stringMatching(/2 keys.*"bad\ufffd\ufffd", "bad\ufffd\ufffd"/),
    });
    expect(await readAll(store, { prefix: 'really' })).toHaveLength(1);
    await expect(readAll(store, { prefix: 'bad' })).rejects.toMatchObject({ code: 'UnreadableKeys' });
  });

  test('a locked key is reported with its session, refused by the plan, and safe from an older plan', async () => {
    await fillConsul(
      server.address,
      ['locked', 'locked later', 'free'].map((key) => record(key, 'theirs')),
    );
    const session = await newSession();
    await askConsul(server.address, 'PUT', `/v1/kv/locked?acquire=${session}`, 'theirs');
    const live = await readAll(store);
    expect(live.map(({ meta }) => meta.session)).toEqual([undefined, session, undefined]);

    const backup = ['free', 'locked', 'locked later'].map((key) => record(key, 'ours'));
    const { items } = planWrites({
      backup: source(backup).records,
      live: source(live).records,
      mode: 'overwrite',
      mapKey: { from: '', to: '' },
      refusal: (wanted) => store.refusal(wanted),
    });
    const plan = (await Array.fromAsync(items)).flat().map(planLine);
    expect(plan.map(({ op, key, reason }) => [op, key, reason])).toEqual([
      ['change', 'free', undefined],
      ['refuse', 'locked', `locked by session ${session}`],
      ['change', 'locked later', undefined],
    ]);

    // A lock taken after the plan changes the index that guards the write, though the value is the same.
    await askConsul(server.address, 'PUT', `/v1/kv/locked%20later?acquire=${session}`, 'theirs');
    const told = await send(
      store,
      live
        .filter(({ key }) => key.toString() !== 'locked')
        .map((found, at) => ({ op: 'set', record: backup[at * 2] ?? found, seen: seenIndex(found) })),
    );
    expect(told.map(({ key, outcome }) => `${key}: ${outcome}`).sort()).toEqual([
      'free: done',
      'locked later: conflict',
    ]);
    expect((await listConsul(server.address)).map(({ value, session: holder }) => [value, holder])).toEqual([
      [Buffer.from('ours').toString('base64'), undefined],
      [Buffer.from('theirs').toString('base64'), session],
      [Buffer.from('theirs').toString('base64'), session],
    ]);
  });

  test('a lock given back or lost changes the index too', async () => {
    await fillConsul(server.address, [record('key', 'v')]);
    const indices: (string | undefined)[] = [];
    const note = async () => indices.push((await readAll(store)).map(seenIndex)[0]);
    await note();
    const session = await newSession();
    await askConsul(server.address, 'PUT', `/v1/kv/key?acquire=${session}`, 'v');
    await note();
    await askConsul(server.address, 'PUT', `/v1/kv/key?release=${session}`, 'v');
    await note();
    await askConsul(server.address, 'PUT', `/v1/kv/key?acquire=${session}`, 'v');
    await note();
    await askConsul(server.address, 'PUT', `/v1/session/destroy/${session}`);
    await note();
    expect(new Set(indices).size).toBe(5);
  });

  test('deleting the newest key brings an index back when its tombstone is gone; the count tells', async () => {
    await fillConsul(server.address, [record('app/1', 'v')]);
    const { moment, records } = await store.read({ prefix: 'app/' }, never);
    expect(await collect(records)).toHaveLength(1);
    // As after the clearing of the tombstone: the index that Consul gives is the one before, with another count.
    await fillConsul(server.address, [record('other', 'v')]);
    expect(await store.unchangedSince(moment, 1, { prefix: 'app/' }, never)).toBe(true);
    expect(await store.unchangedSince(moment, 2, { prefix: 'app/' }, never)).toBe(false);
    expect(await store.unchangedSince(moment, 1, { prefix: '' }, never)).toBe(false);
  });

  test('knows nothing for certain of a prefix that a path cannot express', async () => {
    await transactConsul(server.address, [{ Verb: 'set', Key: 'a//b', Value: 'dg==' }]);
    const { moment, records } = await store.read({ prefix: 'a//' }, never);
    expect(await collect(records)).toHaveLength(1);
    expect(await store.unchangedSince(moment, 1, { prefix: 'a//' }, never)).toBe(false);
  });

  test('an unknown datacenter is refused', async () => {
    const elsewhere = openConsul({
      addresses: [server.address],
      consistency: 'consistent',
      datacenter: 'nowhere',
    });
    await expect(readAll(elsewhere)).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringContaining('No path to datacenter'),
    });
    await elsewhere.close();
  });

  test('says so when it may be behind', async () => {
    const stale = openConsul({ addresses: [server.address], consistency: 'stale' });
    const { moment, records } = await stale.read({ prefix: '' }, never);
    expect(moment.consistency).toBe('stale');
    expect(await collect(records)).toEqual([]);
    await stale.close();
  });
});

describe('a Consul with settings of its own', () => {
  test('raised limits are found out, so that a large value is no refusal', async () => {
    const limits = { kv_max_value_size: 2_000_000, txn_max_req_len: 1_000_000 };
    const server = await startConsul({ settings: { limits } });
    const store = openConsul({ addresses: [server.address], consistency: 'consistent' });
    try {
      await store.describe(never);
      const large = record('large//key', 'x'.repeat(1_400_000));
      expect(store.refusal(large)).toBeUndefined();
      expect(store.refusal(record('large//key', 'x'.repeat(1_600_000)))).toEqual(expect.any(String));
      expect(store.refusal(record('large/key', 'x'.repeat(1_600_000)))).toBeUndefined();
      const told = await send(store, [
        { op: 'set', record: large, seen: '0' },
        { op: 'set', record: record('large/key', 'x'.repeat(2_000_000)), seen: '0' },
      ]);
      expect(told.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['done', 'done']);
      expect((await readAll(store)).map(({ value }) => value?.length)).toEqual([1_400_000, 2_000_000]);
    } finally {
      await store.close();
      await server.stop();
    }
  });

  test('1: TLS: with CA and client certificate it is reached, without them it is refused', async () => {
    const server = await startConsul({ tls: true });
    const { tls } = server;
    if (tls === undefined) throw new Error('no certificates');
    const open = (settings: { ca?: string; cert?: string; key?: string; serverName?: string }) =>
      openConsul({ addresses: [server.address], consistency: 'consistent', tls: settings });
    const trusted = open({ ...tls, serverName: `server.${server.datacenter}.consul` });
    const untrusting = open({ cert: tls.cert, key: tls.key });
    const nameless = open({ ca: tls.ca });
    const misnamed = open({ ...tls, serverName: 'other.example' });
    try {
      expect(await send(trusted, [{ op: 'set', record: record('key', 'v'), seen: '0' }])).toHaveLength(1);
      expect(await readAll(trusted)).toHaveLength(1);
      expect((await trusted.describe(never)).details.datacenter).toBe(server.datacenter);
      for (const store of [untrusting, nameless, misnamed]) {
        await expect(readAll(store)).rejects.toMatchObject({
          code: 'StoreRefused',
          message: expect.stringContaining(server.address),
        });
      }
      expect(() => open({ ca: '/nowhere/ca.pem' })).toThrow(
        expect.objectContaining({ code: 'ConfigInvalid' }),
      );
    } finally {
      for (const store of [trusted, untrusting, nameless, misnamed]) await store.close();
      await server.stop();
    }
  });

  test('a server that is killed while it is read breaks the reading, and never ends it', async () => {
    const server = await startConsul();
    const store = openConsul({ addresses: [server.address], consistency: 'consistent' });
    try {
      const many = Array.from({ length: 200 }, (_, n) => record(`k${n}`, 'x'.repeat(300_000)));
      await fillConsul(server.address, many);
      const { records } = await store.read({ prefix: '' }, never);
      const drain = async () => {
        let first = true;
        for await (const batch of records) {
          expect(batch.length).toBeGreaterThan(0);
          if (first) await server.kill('SIGKILL');
          first = false;
        }
      };
      await expect(drain()).rejects.toMatchObject({ code: 'StreamBroken' });
      await expect(readAll(store)).rejects.toMatchObject({ code: 'StoreUnreachable' });
    } finally {
      await store.close();
      await server.stop();
    }
  });
});
