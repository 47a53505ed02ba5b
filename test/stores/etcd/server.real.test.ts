import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd, startEtcdCluster } from '../../../services/etcd.ts';
import type { EtcdServer } from '../../../services/etcd.ts';
import { openEtcd } from '../../../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../../../stores/etcd/settings.ts';
import type { EtcdSettings } from '../../../stores/etcd/settings.ts';
import type { KeyStore, Write } from '../../../stores/store.ts';
import type { KeyRecord } from '../../../workflows/contract/record.ts';
import { readAll, send } from '../conformance.ts';
import { compact, grantLease, listEtcd, putLeased, putTogether, removeKey } from '../plain-etcd.ts';

const never = new AbortController().signal;
const everything = { prefix: '' };
const running: EtcdServer[] = [];
const opened: KeyStore[] = [];
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all(running.map((server) => server.stop()));
});

async function start(options: Parameters<typeof startEtcd>[0] = {}): Promise<EtcdServer> {
  const server = await startEtcd(options);
  running.push(server);
  return server;
}

function open(settings: Partial<EtcdSettings> & Pick<EtcdSettings, 'endpoints'>): KeyStore {
  const store = openEtcd({ leases: 'drop', maxRequestBytes: defaultMaxRequestBytes, ...settings });
  opened.push(store);
  return store;
}

const set = (key: string, value: string | Buffer, meta: KeyRecord['meta'] = {}): Write => ({
  op: 'set',
  record: { key: Buffer.from(key), value: Buffer.from(value), attributes: {}, meta },
  seen: '0',
});

describe('authentication', () => {
  test('user and password; what is refused says why', async () => {
    const server = await start({ rootPassword: 'root password' });
    const { address } = server;
    await server.ctl('put', 'app/1', 'one');
    await server.ctl('put', 'other', 'two');
    await server.ctl('role', 'add', 'app');
    await server.ctl('role', 'grant-permission', '--prefix=true', 'app', 'readwrite', 'app/');
    await server.ctl('user', 'add', 'app:app password');
    await server.ctl('user', 'grant-role', 'app', 'app');

    const root = open({ endpoints: [address], user: 'root', password: 'root password' });
    expect((await root.describe(never)).version).toBe('3.6.16');
    expect((await readAll(root)).map(({ key }) => key.toString())).toEqual(['app/1', 'other']);

    const app = open({ endpoints: [address], user: 'app', password: 'app password' });
    expect((await app.describe(never)).details).toEqual((await root.describe(never)).details);
    expect((await readAll(app, { prefix: 'app/' })).map(({ key }) => key.toString())).toEqual(['app/1']);
    expect(await send(app, [set('app/2', 'two')])).toMatchObject([{ outcome: 'done' }]);
    // Never a part of what was asked for.
    await expect(app.read(everything, never)).rejects.toMatchObject({ code: 'StoreRefused' });
    await expect(send(app, [set('other/2', 'two')])).rejects.toMatchObject({ code: 'StoreRefused' });

    for (const settings of [{}, { user: 'root', password: 'wrong' }, { user: 'nobody', password: 'x' }]) {
      const refused = open({ endpoints: [address], ...settings }).read(everything, never);
      await expect(refused).rejects.toMatchObject({ code: 'StoreRefused' });
      await expect(refused).rejects.not.toThrow(/root password|app password|wrong/);
    }
  });

  test('a token that has run out is asked for anew', async () => {
    const server = await start({ rootPassword: 'secret', flags: ['--auth-token-ttl=1'] });
    const store = open({ endpoints: [server.address], user: 'root', password: 'secret' });
    await send(store, [set('key', 'value')]);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await readAll(store)).toHaveLength(1);
    // A change of users makes all tokens old.
    await server.ctl('user', 'add', 'somebody:password');
    expect(await readAll(store)).toHaveLength(1);
  });

  test('credentials are no harm where none are asked for', async () => {
    const { address } = await start();
    const store = open({ endpoints: [address], user: 'root', password: 'secret' });
    expect(await readAll(store)).toEqual([]);
  });
});

test('TLS with a client certificate', async () => {
  const { address, tls } = await start({ tls: true });
  if (tls === undefined) throw new Error('it was started with TLS');
  const store = open({ endpoints: [address], tls });
  await send(store, [set('key', 'value')]);
  expect(await readAll(store)).toHaveLength(1);
  await expect(open({ endpoints: [address] }).describe(never)).rejects.toMatchObject({
    code: 'StoreRefused',
  });
  const named = open({ endpoints: [address], tls: { ...tls, serverName: 'other.example' } });
  await expect(named.describe(never)).rejects.toMatchObject({ code: 'StoreRefused' });
  const withoutCertificate = open({ endpoints: [address], tls: { ca: tls.ca } }).describe(never);
  await expect(withoutCertificate).rejects.toMatchObject({ name: expect.stringMatching(/^Store/) });
  expect(() => open({ endpoints: [address], tls: { ca: '/no/such/file.pem' } })).toThrow(/no\/such/);
});

test('a user who is named by the client certificate', async () => {
  const server = await start({ tls: true, rootPassword: 'secret' });
  if (server.tls === undefined) throw new Error('it was started with TLS');
  const store = open({ endpoints: [server.address], tls: server.tls });
  await expect(store.read(everything, never)).rejects.toMatchObject({ code: 'StoreRefused' });
  await server.ctl('user', 'add', 'client', '--no-password');
  await server.ctl('user', 'grant-role', 'client', 'root');
  expect(await readAll(store)).toEqual([]);
});

test('53: several endpoints: the next one where one is down, in the middle too', async () => {
  const members = await startEtcdCluster(3);
  running.push(...members);
  const endpoints = members.map(({ address }) => address);
  const store = open({ endpoints });
  await send(
    store,
    Array.from({ length: 2000 }, (_, n) => set(`key/${String(n).padStart(4, '0')}`, 'x'.repeat(1000))),
  );
  const reading = await store.read(everything, never);
  let count = 0;
  for await (const batch of reading.records) {
    if (count === 0) await members[0]?.kill();
    count += batch.length;
  }
  expect(count).toBe(2000);
  expect(await send(store, [set('after', 'value')])).toMatchObject([{ outcome: 'done' }]);
  expect(endpoints.slice(1)).toContain((await store.describe(never)).address);

  await members[1]?.kill();
  await expect(store.read(everything, never)).rejects.toMatchObject({ retryable: true });
  await members[2]?.kill();
  await expect(store.describe(never)).rejects.toMatchObject({ code: 'StoreUnreachable' });
});

test('a compaction of the revision that is read breaks the reading off', async () => {
  const { address } = await start();
  const store = open({ endpoints: [address] });
  await send(
    store,
    Array.from({ length: 300 }, (_, n) => set(`key/${n}`, 'x'.repeat(100_000))),
  );
  const reading = await store.read(everything, never);
  const drain = async () => {
    let batches = 0;
    for await (const batch of reading.records) {
      expect(batch.length).toBeGreaterThan(0);
      if (batches++ > 0) continue;
      await putTogether(address, [{ key: 'key/0', value: 'newer' }]);
      await compact(address);
    }
  };
  await expect(drain()).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  const again = await store.read(everything, never);
  expect(BigInt(again.moment.index)).toBeGreaterThan(BigInt(reading.moment.index));
});

test('a write elsewhere leaves the scope unchanged; a compaction too', async () => {
  const { address } = await start();
  const store = open({ endpoints: [address] });
  await putTogether(
    address,
    ['app/1', 'app/2', 'other'].map((key) => ({ key, value: 'v' })),
  );
  const { moment } = await store.read({ prefix: 'app/' }, never);
  await putTogether(address, [{ key: 'other', value: 'new' }]);
  await compact(address);
  expect(await store.unchangedSince(moment, 2, { prefix: 'app/' }, never)).toBe(true);
  await removeKey(address, 'app/1');
  expect(await store.unchangedSince(moment, 2, { prefix: 'app/' }, never)).toBe(false);
});

test('the limits of the server are found by trying', async () => {
  const { address } = await start({ flags: ['--max-txn-ops=10', '--max-request-bytes=100000'] });
  const store = open({ endpoints: [address] });
  const writes = [
    ...Array.from({ length: 200 }, (_, n) => set(`small/${n}`, 'value')),
    ...Array.from({ length: 20 }, (_, n) => set(`large/${n}`, 'x'.repeat(60_000))),
    set('too large', 'x'.repeat(700_000)),
  ];
  const told = await send(store, writes);
  expect(told.filter(({ outcome }) => outcome === 'done')).toHaveLength(220);
  expect(told.filter(({ outcome }) => outcome === 'refused')).toMatchObject([{ key: 'too large' }]);
});

test('a full etcd is refused before the first key, and in the middle', async () => {
  const server = await start({ flags: [`--quota-backend-bytes=${16 * 1024 * 1024}`] });
  const store = open({ endpoints: [server.address] });
  const big = (n: number) => set(`big/${n}`, Buffer.alloc(1_000_000, n));
  const filling = send(
    store,
    Array.from({ length: 40 }, (_, n) => big(n)),
  );
  await expect(filling).rejects.toMatchObject({ code: 'StoreRefused', retryable: false });
  await expect(filling).rejects.toThrow(/quota/);
  await expect(send(store, [set('small', 'value')])).rejects.toThrow(/NOSPACE/);
  expect((await readAll(store)).length).toBeGreaterThan(5);
});

describe('leases', () => {
  test('are read with their time, and restored as the settings say', async () => {
    const { address } = await start();
    const lease = await grantLease(address, 600);
    await putLeased(address, 'leased/1', 'one', lease);
    await putLeased(address, 'leased/2', 'two', lease);
    await putTogether(address, [{ key: 'plain', value: 'value' }]);
    const records = await readAll(open({ endpoints: [address] }));
    expect(records.map(({ meta }) => meta.lease)).toEqual([
      BigInt(lease).toString(16),
      BigInt(lease).toString(16),
      undefined,
    ]);
    expect(records[0]?.meta.leaseGrantedTtl).toBe('600');
    expect(Number(records[0]?.meta.leaseTtl)).toBeGreaterThan(500);

    const restore = async (leases: EtcdSettings['leases']) => {
      const target = await start();
      const store = open({ endpoints: [target.address], leases });
      const told = await send(
        store,
        records.map((record) => ({ op: 'set', record, seen: '0' })),
      );
      const keys = await listEtcd(target.address);
      await target.stop();
      return { told: told.map(({ outcome }) => outcome), leases: keys.map((key) => key.lease !== '0'), keys };
    };
    expect(await restore('drop')).toMatchObject({
      told: ['done', 'done', 'done'],
      leases: [false, false, false],
    });
    const regranted = await restore('regrant');
    expect(regranted).toMatchObject({ told: ['done', 'done', 'done'], leases: [true, true, false] });
    expect(regranted.keys[0]?.lease).toBe(regranted.keys[1]?.lease);
    const failed = await restore('fail');
    expect([...failed.told].sort()).toEqual(['done', 'refused', 'refused']);
    expect(failed.keys.map(({ key }) => key.toString())).toEqual(['plain']);
  });

  test('that run out take their keys with them', async () => {
    const { address } = await start();
    const store = open({ endpoints: [address], leases: 'regrant' });
    await send(store, [set('short', 'value', { lease: 'abc', leaseTtl: '0' }), set('stays', 'value')]);
    for (;;) {
      const keys = (await readAll(store)).map(({ key }) => key.toString());
      if (keys.length === 1) {
        expect(keys).toEqual(['stays']);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
});

test('data is there again after a kill', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-etcd-test-'));
  try {
    const before = await start({ dataDir });
    await send(open({ endpoints: [before.address] }), [set('key', 'value')]);
    await before.kill();
    const after = await start({ dataDir });
    expect(await readAll(open({ endpoints: [after.address] }))).toHaveLength(1);
    await after.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
