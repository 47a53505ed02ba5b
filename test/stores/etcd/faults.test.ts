import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { openEtcd } from '../../../stores/etcd/etcd.ts';
import { rangeAfter, rangeOf } from '../../../stores/etcd/range.ts';
import { defaultMaxRequestBytes } from '../../../stores/etcd/settings.ts';
import type { EtcdSettings } from '../../../stores/etcd/settings.ts';
import type { KeyStore, Write } from '../../../stores/store.ts';
import { collect, readAll, send } from '../conformance.ts';
import { startFakeEtcd } from './fake-etcd.ts';
import type { FakeEtcd, Handler } from './fake-etcd.ts';

const never = new AbortController().signal;
const everything = { prefix: '' };
const header = { clusterId: '77', memberId: '1', revision: '9007199254740993' };
const codes = {
  invalidArgument: 3,
  resourceExhausted: 8,
  outOfRange: 11,
  unavailable: 14,
  unauthenticated: 16,
};

const fakes: FakeEtcd[] = [];
const stores: KeyStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  fakes.splice(0).forEach((fake) => fake.stop());
});

async function start(script: Readonly<Record<string, Handler>>): Promise<FakeEtcd> {
  const fake = await startFakeEtcd(script);
  fakes.push(fake);
  return fake;
}

function open(endpoints: readonly string[], settings: Partial<EtcdSettings> = {}): KeyStore {
  const store = openEtcd({ endpoints, leases: 'drop', maxRequestBytes: defaultMaxRequestBytes, ...settings });
  stores.push(store);
  return store;
}

const kv = (key: string, value = 'value') => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  createRevision: '1',
  modRevision: '9007199254740993',
  version: '1',
  lease: '0',
});

/** Answers one page after the other, whatever is asked for. */
function pages(...answers: readonly object[]): Handler {
  let turn = 0;
  return () => answers[Math.min(turn++, answers.length - 1)] ?? {};
}

test('revisions beyond 2^53 keep their digits', async () => {
  const fake = await start({ 'KV/Range': pages({ header, kvs: [kv('a')], more: false, count: '1' }) });
  const reading = await open([fake.address]).read(everything, never);
  expect(reading.moment.index).toBe('9007199254740993');
  expect((await collect(reading.records))[0]?.meta.modRevision).toBe('9007199254740993');
});

test.each([
  [
    'keys out of order',
    [
      { header, kvs: [kv('b')], more: true, count: '2' },
      { header, kvs: [kv('a')], more: false, count: '1' },
    ],
  ],
  [
    'a key twice',
    [
      { header, kvs: [kv('a')], more: true, count: '2' },
      { header, kvs: [kv('a')], more: false, count: '1' },
    ],
  ],
  ['fewer keys than counted', [{ header, kvs: [kv('a')], more: false, count: '2' }]],
  [
    'an empty page before the end',
    [
      { header, kvs: [kv('a')], more: true, count: '2' },
      { header, kvs: [], more: true, count: '1' },
    ],
  ],
])('%s are no backup', async (_name, answers) => {
  const fake = await start({ 'KV/Range': pages(...answers) });
  await expect(readAll(open([fake.address]))).rejects.toMatchObject({ code: 'StreamBroken' });
});

test('pages of two clusters are never mixed', async () => {
  const page = { header, kvs: [kv('a')], more: true, count: '2' };
  const other = { header: { ...header, clusterId: '78' }, kvs: [kv('b')], more: false, count: '1' };
  const fake = await start({ 'KV/Range': pages(page, other) });
  await expect(readAll(open([fake.address]))).rejects.toMatchObject({ code: 'StoreRefused' });
});

test('a compaction is not waited for', async () => {
  let turn = 0;
  const fake = await start({
    'KV/Range': () =>
      turn++ === 0
        ? { header, kvs: [kv('a')], more: true, count: '2' }
        : { fail: codes.outOfRange, words: 'etcdserver: mvcc: required revision has been compacted' },
  });
  await expect(readAll(open([fake.address]))).rejects.toMatchObject({ code: 'StreamBroken' });
  expect(fake.calls).toHaveLength(2);
});

test('an election in the middle is waited for', async () => {
  let turn = 0;
  const fake = await start({
    'KV/Range': () => {
      turn++;
      if (turn === 1) return { header, kvs: [kv('a')], more: true, count: '2' };
      if (turn < 4) return { fail: codes.unavailable, words: 'etcdserver: leader changed' };
      return { header, kvs: [kv('b')], more: false, count: '1' };
    },
  });
  expect(await readAll(open([fake.address]))).toHaveLength(2);
});

test('a page that is too large is asked for in parts', async () => {
  const limits: number[] = [];
  const fake = await start({
    'KV/Range': ({ limit }) => {
      limits.push(Number(limit));
      // More than the 64 MiB that an answer may have.
      if (Number(limit) > 2) return { header, kvs: [kv('a', 'x'.repeat(65 * 1024 * 1024))], count: '1' };
      return { header, kvs: [kv('a')], more: false, count: '1' };
    },
  });
  expect(await readAll(open([fake.address]))).toHaveLength(1);
  expect(limits).toEqual([32, 8, 2]);
});

test('the next endpoint is asked where one is away; what etcd refuses is final', async () => {
  const away = await start({
    'KV/Range': () => ({ fail: codes.unavailable, words: 'etcdserver: no leader' }),
  });
  const serving = await start({ 'KV/Range': pages({ header, kvs: [], more: false, count: '0' }) });
  expect(await readAll(open([away.address, serving.address]))).toEqual([]);

  const refusing = await start({
    'KV/Range': () => ({ fail: codes.invalidArgument, words: 'etcdserver: user name is empty' }),
  });
  const refused = open([refusing.address, serving.address]).read(everything, never);
  await expect(refused).rejects.toMatchObject({ code: 'StoreRefused', retryable: false });
  const { calls } = serving;
  expect(calls).toHaveLength(1);

  const both = open([away.address, away.address]).read(everything, never);
  await expect(both).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true });
});

test('an address where nobody listens, or somebody else, is named', async () => {
  const other = createServer((_, answer) => answer.end('no etcd'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  try {
    for (const endpoint of ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]) {
      const asked = open([endpoint]).describe(never);
      await expect(asked).rejects.toMatchObject({ code: 'StoreUnreachable' });
      await expect(asked).rejects.toThrow(endpoint);
    }
  } finally {
    other.close();
    other.closeAllConnections();
  }
});

test.each([
  ['no leader', { header, version: '3.6.16', leader: '0' }, 'StoreUnavailable'],
  [
    'the alarm CORRUPT',
    { header, version: '3.6.16', leader: '1', errors: ['memberID:1 alarm:CORRUPT '] },
    'StoreRefused',
  ],
])('%s is no store to back up', async (_name, answer, code) => {
  const fake = await start({ 'Maintenance/Status': () => answer });
  await expect(open([fake.address]).describe(never)).rejects.toMatchObject({ code });
});

test('a password is sent once, and a token asked for anew when it is refused', async () => {
  let tokens = 0;
  let asked = 0;
  const fake = await start({
    'Auth/Authenticate': ({ name, password }) => {
      expect({ name, password }).toEqual({ name: 'user', password: 'sesame' });
      return { header, token: `token ${++tokens}` };
    },
    'KV/Range': () =>
      ++asked === 2
        ? { fail: codes.unauthenticated, words: 'etcdserver: invalid auth token' }
        : { header, kvs: [], more: false, count: '0' },
  });
  const store = open([fake.address], { user: 'user', password: 'sesame' });
  for (let turn = 0; turn < 3; turn++) expect(await readAll(store)).toEqual([]);
  expect(tokens).toBe(2);
});

test('a write whose answer was lost is found done already', async () => {
  let sent = 0;
  const fake = await start({
    'Maintenance/Status': () => ({ header, version: '3.6.16', leader: '1', errors: [] }),
    'KV/Txn': () =>
      ++sent === 1
        ? { fail: codes.unavailable, words: 'etcdserver: request timed out' }
        : { header, succeeded: false, responses: [{ range: { header, kvs: [kv('a')], count: '1' } }] },
    'KV/Range': () => ({ header, kvs: [kv('a')], count: '1' }),
  });
  const write: Write = {
    op: 'set',
    record: { key: Buffer.from('a'), value: Buffer.from('value'), attributes: {}, meta: {} },
    seen: '0',
  };
  expect(await send(open([fake.address]), [write])).toMatchObject([{ key: 'a', outcome: 'already' }]);
});

test('a refusal says what the server takes', () => {
  const store = open(['http://127.0.0.1:1'], { maxRequestBytes: 10_000, leases: 'fail' });
  const record = (value: Buffer, meta = {}) => ({ key: Buffer.from('key'), value, attributes: {}, meta });
  expect(store.refusal(record(Buffer.alloc(9_000)))).toBeUndefined();
  expect(store.refusal(record(Buffer.alloc(10_000)))).toContain('--max-request-bytes');
  expect(store.refusal(record(Buffer.alloc(1), { lease: 'abc' }))).toContain('lease abc');
});

test('ranges hold exactly what starts with a prefix', () => {
  const bytes = (range: { key: Buffer; rangeEnd: Buffer }) => [
    range.key.toString('hex'),
    range.rangeEnd.toString('hex'),
  ];
  expect(bytes(rangeOf(''))).toEqual(['00', '00']);
  expect(bytes(rangeOf('a/'))).toEqual(['612f', '6130']);
  expect(bytes(rangeOf('\u{10ffff}'))).toEqual(['f48fbfbf', 'f48fbfc0']);
  expect(bytes(rangeAfter(rangeOf('a'), Buffer.from('ab')))).toEqual(['616200', '62']);
});
