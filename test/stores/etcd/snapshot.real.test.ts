import { randomBytes } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EtcdServer, etcd34, startEtcd, startEtcdCluster } from '../../../services/etcd.ts';
import { openEtcdSnapshots } from '../../../stores/etcd/etcd.ts';
import { hashOfFile, statusOfFile } from '../../../stores/etcd/file-hash.ts';
import { parseMeta, parseNode } from '../../../stores/etcd/pages.ts';
import { type EtcdSettings, defaultMaxRequestBytes } from '../../../stores/etcd/settings.ts';
import { findThrowawayTools, type ThrowawayTools } from '../../../stores/etcd/throwaway.ts';
import type { SnapshotStore } from '../../../stores/store.ts';
import { compact, fillEtcd, grantLease, putLeased, putTogether, removeKey } from '../plain-etcd.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { hashOfServer, prepareSnapshots } from './snapshot-file.ts';

const never = new AbortController().signal;
const opened: SnapshotStore[] = [];
const running: { stop(): Promise<void> }[] = [];
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let tools: ThrowawayTools;
beforeAll(async () => {
  place = await prepareSnapshots();
  tools = await findThrowawayTools('for this test', never);
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all(running.map((server) => server.stop()));
  await place.remove();
});

async function start(options: Parameters<typeof startEtcd>[0] = {}): Promise<EtcdServer> {
  const server = await startEtcd(options);
  running.push(server);
  return server;
}

function open(endpoints: readonly string[], settings: Partial<EtcdSettings> = {}): SnapshotStore {
  const store = openEtcdSnapshots({
    endpoints,
    leases: 'drop',
    maxRequestBytes: defaultMaxRequestBytes,
    ...settings,
  });
  opened.push(store);
  return store;
}

/** Takes a snapshot; `meanwhile` runs when its first bytes have come. */
async function take(store: SnapshotStore, meanwhile?: () => Promise<unknown>) {
  const reading = await store.snapshot(never);
  const chunks: Buffer[] = [];
  for await (const chunk of reading.bytes) {
    if (chunks.push(Buffer.from(chunk)) === 1) await meanwhile?.();
  }
  const file = place.fresh('taken');
  await writeFile(file, chunks);
  return { file, facts: reading.facts(), store: reading.store };
}

/** etcd's own words on a file. `etcdutl` changes what it looks at. */
async function judged(file: string) {
  const copy = place.fresh('copy');
  await copyFile(file, copy);
  return statusOfFile(tools.etcdutl, copy, never);
}

const noise = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, n) => ({
    key: Buffer.from(`noise/${n}`),
    value: randomBytes(bytes),
  }));

test('the revision is the file’s own in every shape that a database takes', async () => {
  const server = await start();
  const { address } = server;
  const store = open([address]);
  const put = (key: string, value: string) => putTogether(address, [{ key, value }]);
  const shapes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['without keys', () => Promise.resolve()],
    ['one key', () => put('a', '1')],
    ['a tombstone last', () => removeKey(address, 'a')],
    ['nothing but a compacted tombstone', () => compact(address)],
    ['keys compacted behind the last one', () => put('b', '1').then(() => compact(address))],
    ['one value larger than a page', () => put('large', 'x'.repeat(10_000))],
    ['values of 1.4 MB', () => fillEtcd(address, noise(3, 1_400_000))],
    ['a large tombstone', () => removeKey(address, 'large')],
    ['several keys in one revision', () => fillEtcd(address, noise(128, 10))],
    ['many keys', () => fillEtcd(address, noise(6_000, 100))],
    ['free pages', () => compact(address)],
    ['no free pages', () => server.ctl('defrag')],
    ['a lease', async () => putLeased(address, 'leased', 'leased', await grantLease(address, 600))],
  ];
  for (const [shape, change] of shapes) {
    await change();
    // A compaction goes on for a moment; a hash is only comparable when it is done.
    await sleep(200);
    const live = await hashOfServer(server);
    const { file, facts } = await take(store);
    expect([shape, facts.moment.index, facts.keyspace]).toEqual([shape, live.revision, live]);
    const { revision } = await judged(file);
    // etcdutl knows only the keys that are left.
    expect([shape, Number(revision)]).toEqual([shape, shape === 'without keys' ? 0 : Number(live.revision)]);
    expect([shape, await hashOfFile(tools, file, never, facts.moment.index)]).toEqual([shape, live]);
  }
});

test('the bucket of all buckets may be spread over several pages', async () => {
  const server = await start();
  // Buckets of almost a quarter of a page are kept in place, so five of them are more than a page.
  for (let n = 10; n < 25; n++) {
    await server.ctl('put', `key-${n}`, 'value');
    await server.ctl('role', 'add', `role-with-a-name-${n}`);
    await server.ctl('user', 'add', `user-with-a-name-${n}`, '--no-password');
    await grantLease(server.address, 600);
    await grantLease(server.address, 600);
  }
  const { file, facts } = await take(open([server.address]));
  expect(facts.moment.index).toBe((await hashOfServer(server)).revision);
  const database = await readFile(file);
  const { root = 0, pageSize = 0 } = parseMeta(database) ?? {};
  expect(parseNode(database.subarray(root * pageSize), root)?.kind).toBe('branch');
});

test('keys that are written meanwhile: the file is of one revision, and equal to the member at that', async () => {
  const server = await start();
  await fillEtcd(server.address, noise(40, 500_000));
  const stop = new AbortController();
  const writing = (async () => {
    for (let n = 0; !stop.signal.aborted; n++) {
      await putTogether(server.address, [
        { key: 'one', value: String(n) },
        { key: 'other', value: String(n) },
      ]);
    }
  })();
  await sleep(300);
  const before = await hashOfServer(server);
  const { file, facts } = await take(open([server.address]), () => sleep(300));
  stop.abort();
  await writing;
  const { index } = facts.moment;
  expect(Number(index)).toBeGreaterThanOrEqual(Number(before.revision));
  expect(Number(index)).toBeLessThan(Number((await hashOfServer(server)).revision));
  expect((await judged(file)).revision).toBe(index);
  expect(await hashOfFile(tools, file, never, index)).toEqual(facts.keyspace);
  expect(facts.records).toBe(42);
});

test('of three members the leader; of two that are left another one, also in the middle of a snapshot', async () => {
  const cluster = await startEtcdCluster(3);
  running.push(...cluster);
  const addresses = cluster.map(({ address }) => address);
  const [first] = cluster;
  if (first === undefined) throw new Error('no cluster');
  await fillEtcd(first.address, noise(60, 500_000));
  const store = open(addresses);
  const { address } = await store.describe(never);
  const leader = cluster.find((server) => server.address === address);
  if (leader === undefined) throw new Error(`${address} is no member`);
  const status = JSON.parse(await leader.ctl('endpoint', 'status', '--write-out=json')) as readonly [
    { readonly Status: { readonly leader: number; readonly header: { readonly member_id: number } } },
  ];
  expect(status[0].Status.leader).toBe(status[0].Status.header.member_id);

  const failure = take(store, () => leader.stop());
  await expect(failure).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  await expect(failure).rejects.toThrow(address);
  // An election takes a moment; the next attempt comes later.
  for (;;) {
    try {
      const next = await take(store);
      expect(next.store.address).not.toBe(address);
      expect(addresses).toContain(next.store.address);
      expect(await hashOfFile(tools, next.file, never, next.facts.moment.index)).toEqual(next.facts.keyspace);
      break;
    } catch (error) {
      expect(error).toMatchObject({ retryable: true });
      await sleep(200);
    }
  }
});

test('a snapshot of etcd 3.4 is proven by the programs of 3.6', async () => {
  const server = await start({ tool: etcd34 });
  const store = open([server.address]);
  await fillEtcd(server.address, noise(300, 100));
  const first = await take(store);
  expect(first).toMatchObject({
    facts: { records: 300 },
    store: { version: expect.stringMatching(/^3\.4\./) as string },
  });
  expect(await hashOfFile(tools, first.file, never, first.facts.moment.index)).toEqual(first.facts.keyspace);
  await removeKey(server.address, 'noise/7');
  await compact(server.address);
  const second = await take(store);
  expect(second.facts).toMatchObject({
    records: 299,
    keyspace: { compactRevision: second.facts.moment.index },
  });
  expect(await hashOfFile(tools, second.file, never, second.facts.moment.index)).toEqual(
    second.facts.keyspace,
  );
});

test('with authentication, only root gets a snapshot, and the refusal says so plainly', async () => {
  const server = await start({ rootPassword: 'root password' });
  await server.ctl('put', 'key', 'value');
  await server.ctl('role', 'add', 'reader');
  await server.ctl('role', 'grant-permission', '--prefix=true', 'reader', 'readwrite', '');
  await server.ctl('user', 'add', 'reader:reader password');
  await server.ctl('user', 'grant-role', 'reader', 'reader');
  const refused = {
    code: 'StoreRefused',
    retryable: false,
    message: expect.stringMatching(/refuses a snapshot .*a snapshot needs the root role/) as string,
  };
  await expect(take(open([server.address]))).rejects.toMatchObject(refused);
  const reader = open([server.address], { user: 'reader', password: 'reader password' });
  await expect(take(reader)).rejects.toMatchObject(refused);
  const root = open([server.address], { user: 'root', password: 'root password' });
  const { file, facts } = await take(root);
  expect(facts.records).toBe(1);
  expect(await hashOfFile(tools, file, never, facts.moment.index)).toEqual(facts.keyspace);
});

test('over TLS with a client certificate', async () => {
  const server = await start({ tls: true });
  await server.ctl('put', 'key', 'value');
  const { facts } = await take(open([server.address], server.tls && { tls: server.tls }));
  expect(facts).toMatchObject({ records: 1, moment: { index: '2' } });
});

test('a full etcd is backed up, with a warning', async () => {
  const server = await start({ flags: ['--quota-backend-bytes=4194304'] });
  await expect(fillEtcd(server.address, noise(12, 500_000))).rejects.toThrow('space exceeded');
  const { facts, store } = await take(open([server.address]));
  expect(store.details).toMatchObject({ alarms: 'NOSPACE' });
  expect(facts.warnings).toEqual([expect.stringContaining('NOSPACE')]);
  expect(facts.keyspace).toEqual(await hashOfServer(server));
});

describe('a connection that is not to be trusted', () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await start();
    await fillEtcd(server.address, noise(60, 500_000));
  });
  const throughProxy = async () => {
    const proxy = await startCuttingProxy(server.address);
    running.push(proxy);
    return { proxy, store: open([proxy.address]) };
  };

  test.each([
    ['cut off', { cut: true }],
    ['changed by one bit', { flip: true }],
  ])('a stream that is %s is broken, and the next attempt whole', async (_, then) => {
    const { proxy, store } = await throughProxy();
    proxy.at(10_000_000, then);
    const failure = take(store);
    await expect(failure).rejects.toMatchObject({ retryable: true });
    await expect(failure).rejects.toThrow(proxy.address);
    expect((await take(store)).facts.records).toBe(60);
  });

  test('who reads slowly is not sent more than a window, and an abort ends it', async () => {
    const { proxy, store } = await throughProxy();
    const stop = new AbortController();
    const reading = await store.snapshot(stop.signal);
    const bytes = reading.bytes[Symbol.asyncIterator]();
    await bytes.next();
    let before = -1;
    for (let now = proxy.sent(); now !== before; now = proxy.sent()) {
      before = now;
      await sleep(500);
    }
    expect(before).toBeGreaterThan(1_000_000);
    expect(before).toBeLessThan(16_000_000);
    stop.abort(new Error('told to stop'));
    const rest = async () => {
      while ((await bytes.next()).done !== true);
    };
    await expect(rest()).rejects.toThrow('told to stop');
    expect(() => reading.facts()).toThrow('before its end');
  });
});
