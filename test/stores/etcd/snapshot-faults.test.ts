import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { openEtcdSnapshots } from '../../../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../../../stores/etcd/settings.ts';
import type { SnapshotStore } from '../../../stores/store.ts';
import { type Answer, type FakeEtcd, type Handler, startFakeEtcd } from './fake-etcd.ts';

/** What only an etcd that lies can show. */
const never = new AbortController().signal;
const stored = readFileSync(new URL('../../archive/golden/snapshot-1.db.zst', import.meta.url));
/** A snapshot of etcd 3.6 at revision 5. */
const file = zstdDecompressSync(stored);
const database = file.subarray(0, -32);
const digest = file.subarray(-32);

const fakes: FakeEtcd[] = [];
const stores: SnapshotStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  fakes.splice(0).forEach((fake) => fake.stop());
});

interface Part {
  readonly blob: Buffer;
  readonly remainingBytes: number;
}

/** As etcd sends it: pieces of 32 KiB (here 8), and the SHA-256 as the last message. */
function messages(bytes: Buffer, behind: readonly Part[] = [{ blob: digest, remainingBytes: 0 }]): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    const blob = bytes.subarray(at, at + 8192);
    parts.push({ blob, remainingBytes: bytes.length - at - blob.length });
  }
  return [...parts, ...behind];
}

interface Member {
  readonly id: string;
  readonly leader?: string;
  readonly applied?: string;
  readonly cluster?: string;
  readonly errors?: readonly string[];
  readonly isLearner?: boolean;
  readonly version?: string;
  readonly stream?: readonly Answer[];
  readonly hash?: Handler;
  readonly range?: Handler;
}

async function start(member: Member): Promise<FakeEtcd> {
  const { id, cluster = '77', leader = '1', applied = '9', errors = [], isLearner = false } = member;
  const header = { clusterId: cluster, memberId: id, revision: '5' };
  const fake = await startFakeEtcd({
    'Maintenance/Status': () => ({
      ...{ header, version: '3.6.16', leader, errors, isLearner },
      ...{ raftAppliedIndex: applied, dbSize: String(database.length) },
    }),
    'KV/Range': member.range ?? (() => ({ header, count: '2' })),
    'Maintenance/HashKV':
      member.hash ?? (() => ({ header, hash: 4265371535, hashRevision: '5', compactRevision: '-1' })),
    'Maintenance/Snapshot': () => member.stream ?? messages(database),
  });
  fakes.push(fake);
  return fake;
}

function open(...endpoints: readonly string[]): SnapshotStore {
  const store = openEtcdSnapshots({ endpoints, leases: 'drop', maxRequestBytes: defaultMaxRequestBytes });
  stores.push(store);
  return store;
}

async function read(store: SnapshotStore) {
  const reading = await store.snapshot(never);
  const bytes = Buffer.concat(await Array.fromAsync(reading.bytes, (piece) => Buffer.from(piece)));
  return { bytes, facts: reading.facts(), store: reading.store };
}

test('what came is the file of etcdctl, with its own revision', async () => {
  const { address } = await start({ id: '1' });
  const { bytes, facts, store } = await read(open(address));
  expect(bytes.equals(file)).toBe(true);
  expect(facts).toEqual({
    moment: { index: '5', consistency: 'point-in-time' },
    records: 2,
    keyspace: { hash: '4265371535', revision: '5', compactRevision: '-1' },
    warnings: [],
  });
  expect(store.details).toEqual({ clusterId: '4d', memberId: '1', raftIndex: '9', dbSize: '20480' });
});

const flipped = Buffer.from(database);
flipped.writeUInt8(flipped.readUInt8(9000) ^ 1, 9000);
const odd = Buffer.concat([database, Buffer.alloc(100)]);
const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

test.each<[string, readonly Answer[], RegExp]>([
  ['nothing at all', [], /ended after 0 of an unknown number of bytes/],
  ['no SHA-256', messages(database, []), /ended after 20480 of 20512 bytes/],
  [
    'a part of the SHA-256',
    messages(database, [{ blob: digest.subarray(1), remainingBytes: 0 }]),
    /of 20512/,
  ],
  ['a piece less', messages(database).toSpliced(1, 1), /ended after 12320 of 20512 bytes/],
  ['more than it said', [...messages(database), { blob: digest, remainingBytes: 0 }], /after 20544 of 20512/],
  ['bytes that remain', messages(database, [{ blob: digest, remainingBytes: 7 }]), /after 20512 of 20512/],
  ['a flipped bit', messages(flipped), /SHA-256 [0-9a-f]{64}, and etcd gave [0-9a-f]{64}/],
  ['another SHA-256', messages(database, [{ blob: sha(flipped), remainingBytes: 0 }]), /SHA-256/],
  ['no whole number of sectors', messages(odd, [{ blob: sha(odd), remainingBytes: 0 }]), /20612 bytes/],
  [
    'an error in the middle',
    [...messages(database).slice(0, 2), { fail: 14, words: 'etcdserver: server stopped' }],
    /broke off after 16384 of 20512 bytes/,
  ],
])('a stream of %s is broken, and is tried again', async (_, stream, words) => {
  const { address } = await start({ id: '1', stream });
  const failure = read(open(address));
  await expect(failure).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  await expect(failure).rejects.toThrow(words);
  await expect(failure).rejects.toThrow(address);
});

test('a file without a revision is refused', async () => {
  const zeros = Buffer.alloc(20_480);
  const { address } = await start({
    id: '1',
    stream: messages(zeros, [{ blob: sha(zeros), remainingBytes: 0 }]),
  });
  const failure = read(open(address));
  await expect(failure).rejects.toMatchObject({ code: 'StoreRefused' });
  await expect(failure).rejects.toThrow('no valid meta page');
});

describe('which member', () => {
  const addressOf = async (members: readonly Member[]) => {
    const started = await Promise.all(members.map(start));
    const { address } = await open(...started.map((fake) => fake.address)).describe(never);
    return members[started.findIndex((fake) => fake.address === address)]?.id;
  };

  test('the leader, even where another one has applied more', async () => {
    expect(await addressOf([{ id: '2', applied: '12' }, { id: '1' }, { id: '3' }])).toBe('1');
  });

  test('without an endpoint of the leader, the one that has applied most', async () => {
    expect(await addressOf([{ id: '2' }, { id: '3', applied: '10' }, { id: '4', applied: '8' }])).toBe('3');
  });

  test('no learner, though it is ahead', async () => {
    expect(await addressOf([{ id: '2', applied: '12', isLearner: true }, { id: '3' }])).toBe('3');
    await expect(addressOf([{ id: '2', isLearner: true }])).rejects.toMatchObject({
      code: 'StoreUnavailable',
    });
  });

  test('none that has no leader, and none that cannot be reached', async () => {
    const closed = await startFakeEtcd({});
    closed.stop();
    const { address } = await start({ id: '3' });
    const alone = await start({ id: '2', leader: '0', applied: '12' });
    expect(await open(closed.address, alone.address, address).describe(never)).toMatchObject({ address });
    await expect(open(closed.address, alone.address).describe(never)).rejects.toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringContaining('None of 2 addresses served') as string,
    });
  });

  test('members of two clusters are a mistake', async () => {
    await expect(addressOf([{ id: '1' }, { id: '2', cluster: '78' }])).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringContaining('another cluster') as string,
    });
  });
});

test('an alarm is a warning; a corrupt one is a refusal', async () => {
  const errors = ['memberID:7 alarm:NOSPACE ', 'memberID:8 alarm:NOSPACE '];
  const { facts, store } = await read(open((await start({ id: '1', errors })).address));
  expect(store.details).toMatchObject({ alarms: 'NOSPACE' });
  expect(facts.warnings).toEqual([expect.stringContaining('has the alarm NOSPACE: it takes no keys')]);
  const corrupt = await start({ id: '1', errors: ['memberID:7 alarm:CORRUPT '] });
  await expect(open(corrupt.address).snapshot(never)).rejects.toMatchObject({ code: 'StoreRefused' });
});

const compacted = { fail: 11, words: 'etcdserver: mvcc: required revision has been compacted' };

test('a revision that was compacted meanwhile has no hash, and the keys of now are counted', async () => {
  const { address } = await start({
    id: '1',
    hash: ({ revision }) =>
      revision === '0' ? { header: { revision: '6' }, hash: 1, compactRevision: '6' } : compacted,
    range: ({ revision }) => (revision === '0' ? { count: '3' } : compacted),
  });
  const { facts } = await read(open(address));
  expect(facts).toMatchObject({ moment: { index: '5' }, records: 3 });
  expect(facts.keyspace).toBeUndefined();
});

test('two descriptions are of one state only where cluster and log are the same', async () => {
  const { address } = await start({ id: '1' });
  const store = open(address);
  const before = await store.describe(never);
  const now = (details: Readonly<Record<string, string>>) => ({
    ...before,
    details: { ...before.details, ...details },
  });
  expect(store.isUnchanged(before, await store.describe(never))).toBe(true);
  expect(store.isUnchanged(before, now({ raftIndex: '10' }))).toBe(false);
  expect(store.isUnchanged(before, now({ clusterId: '4e' }))).toBe(false);
  // A backup of keys says nothing of the log.
  expect(store.isUnchanged({ ...before, details: { clusterId: '4d' } }, before)).toBe(false);
});
