import { afterEach, describe, expect, test } from '@jest/globals';
import { openConsul } from '../../../stores/consul/consul.ts';
import type { ConsulSettings } from '../../../stores/consul/settings.ts';
import type { KeyStore, Write } from '../../../stores/store.ts';
import type { KeyRecord } from '../../../workflows/contract/record.ts';
import { collect, readAll, send } from '../conformance.ts';
import { record } from '../records.ts';
import { startFakeConsul } from './fake-consul.ts';
import type { FakeAnswer, FakeConsul, FakeRequest } from './fake-consul.ts';

const never = new AbortController().signal;
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function fake(answer: (request: FakeRequest) => FakeAnswer): Promise<FakeConsul> {
  const server = await startFakeConsul(answer);
  opened.push(server);
  return server;
}

function open(addresses: readonly string[], more: Partial<ConsulSettings> = {}): KeyStore {
  const store = openConsul({ addresses, consistency: 'consistent', ...more });
  opened.push(store);
  return store;
}

const entry = (key: string, value = 'eA==') =>
  `{"LockIndex":0,"Key":${JSON.stringify(key)},"Flags":0,"Value":"${value}","CreateIndex":1,"ModifyIndex":1}`;
const twoKeys = `[${entry('a')},${entry('b')}]`;
const nobody = 'http://127.0.0.1:9';

describe('reading a Consul that fails', () => {
  test('an answer that breaks off anywhere is StreamBroken, with or without its length', async () => {
    const lengths = [0, 1, 5, entry('a').length, entry('a').length + 1, twoKeys.length - 1];
    const headers = [{}, { 'Content-Length': String(twoKeys.length) }];
    for (const breakAfter of [...lengths, twoKeys.length]) {
      for (const head of headers) {
        const server = await fake(() => ({ body: twoKeys, breakAfter, headers: head }));
        const whole = breakAfter === twoKeys.length && 'Content-Length' in head;
        if (whole) await expect(readAll(open([server.address]))).resolves.toHaveLength(2);
        else await expect(readAll(open([server.address]))).rejects.toMatchObject({ code: 'StreamBroken' });
      }
    }
  });

  test('a batch is whole until the next one is asked for, and then its memory is freed', async () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `key-${String(n).padStart(5, '0')}`);
    const server = await fake(() => ({ body: `[${keys.map((key) => entry(key)).join(',')}]` }));
    const { records } = await open([server.address]).read({ prefix: '' }, never);
    const found: string[] = [];
    const before: KeyRecord[] = [];
    let batches = 0;
    for await (const batch of records) {
      batches++;
      expect(before.filter(({ key, value }) => key.length > 0 || value?.length !== 0)).toEqual([]);
      for (const { key, value } of batch) found.push(`${key.toString()}=${value?.toString() ?? ''}`);
      before.push(...batch);
    }
    expect(batches).toBeGreaterThan(2);
    expect(found).toEqual(keys.map((key) => `${key}=x`));
    expect(before.filter(({ key }) => key.length > 0)).toEqual([]);
  });

  test('keys out of order are refused, also where a batch ends between them', async () => {
    const values = 'eHh4'.repeat(40_000);
    const keys = ['a', 'c', 'e', 'g', 'i', 'k', 'm', 'o', 'q', 's'];
    for (let at = 1; at < keys.length; at++) {
      const wrong = keys.with(at, keys[at - 1] ?? '');
      const server = await fake(() => ({ body: `[${wrong.map((key) => entry(key, values)).join(',')}]` }));
      await expect(readAll(open([server.address]))).rejects.toMatchObject({ code: 'StreamBroken' });
    }
  });

  test('an answer that ends well, but not with the end of the list, is StreamBroken', async () => {
    for (const body of ['', '[', twoKeys.slice(0, -1), `${twoKeys}[`, 'null']) {
      const server = await fake(() => ({ body }));
      await expect(readAll(open([server.address]))).rejects.toMatchObject({
        code: 'StreamBroken',
        message: expect.stringContaining(server.address),
      });
    }
  });

  test('an answer that breaks off before it is looked at is StreamBroken all the same', async () => {
    const server = await fake(() => ({ body: twoKeys, breakAfter: 20 }));
    const { records } = await open([server.address]).read({ prefix: '' }, never);
    await pause(50);
    await expect(collect(records)).rejects.toMatchObject({ code: 'StreamBroken' });
    const stop = new AbortController();
    const { records: unread } = await open([server.address]).read({ prefix: '' }, stop.signal);
    stop.abort(new Error('enough'));
    await pause(50);
    await expect(collect(unread)).rejects.toThrow('enough');
  });

  test('keys out of order, or twice, are an error', async () => {
    for (const keys of [
      ['b', 'a'],
      ['a', 'a'],
      ['a', 'a/', 'a'],
      ['\uffff', '\u{1f600}', 'z'],
    ]) {
      const server = await fake(() => ({ body: `[${keys.map((key) => entry(key)).join()}]` }));
      await expect(readAll(open([server.address]))).rejects.toMatchObject({ code: 'StreamBroken' });
    }
    const server = await fake(() => ({
      body: `[${['\uffff', '\u{1f600}'].map((key) => entry(key)).join()}]`,
    }));
    await expect(readAll(open([server.address]))).resolves.toHaveLength(2);
  });

  test.each<[string, FakeAnswer, string, RegExp]>([
    ['no leader', { status: 500, body: 'No cluster leader' }, 'StoreUnavailable', /No cluster leader/],
    [
      'overload',
      { status: 429, body: 'Your IP is issuing too many requests' },
      'StoreUnavailable',
      /too many/,
    ],
    ['a gateway', { status: 503, body: '' }, 'StoreUnavailable', /503.*no reason/],
    ['a bad token', { status: 403, body: 'ACL not found' }, 'StoreRefused', /token.*ACL not found/],
    ['another datacenter', { status: 500, body: 'No path to datacenter' }, 'StoreRefused', /datacenter/],
    [
      'a refused prefix',
      { status: 500, body: 'Invalid key name' },
      'StoreRefused',
      /refuses the name.*key name/,
    ],
    ['a redirect', { status: 301, headers: { Location: '/elsewhere' } }, 'StoreRefused', /301/],
    [
      'another server',
      { status: 200, body: '[]', headers: { 'X-Consul-Index': '' } },
      'StoreRefused',
      /Consul/,
    ],
    [
      'filtered',
      { body: '[]', headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' } },
      'ReadFiltered',
      /hides/,
    ],
    [
      'filtered to nothing',
      { status: 404, headers: { 'X-Consul-Results-Filtered-By-ACLs': 'true' } },
      'ReadFiltered',
      /hides/,
    ],
    ['a 404 with a text', { status: 404, body: 'page not found' }, 'StoreRefused', /page not found/],
  ])('%s', async (_, answer, code, message) => {
    const server = await fake(() => answer);
    const error: unknown = await readAll(open([server.address])).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringContaining(server.address) });
  });

  test('names keys whose bytes the server replaced, after reading all of them', async () => {
    const keys = Array.from({ length: 30 }, (_, n) => `{"Key":"k${n}\\ufffd",${entry('a').slice(1)}`);
    const bad = keys.map((text) => text.replace(',"Key":"a"', ''));
    const server = await fake(() => ({ body: `[${entry('a')},${bad.join()}]` }));
    await expect(readAll(open([server.address]))).rejects.toMatchObject({
      code: 'UnreadableKeys',
      message: expect.stringMatching(/30 keys.*"k0\ufffd".*and 10 more/),
    });
  });

  test('tries the addresses in turn, and stays with the one that serves', async () => {
    const leaderless = await fake(() => ({ status: 500, body: 'No cluster leader' }));
    const good = await fake(() => ({ body: twoKeys }));
    const store = open([nobody, leaderless.address, good.address]);
    expect(await readAll(store)).toHaveLength(2);
    const before = leaderless.requests.length;
    expect(await readAll(store)).toHaveLength(2);
    expect(leaderless.requests).toHaveLength(before);
  });

  test('tells of every address why it did not serve', async () => {
    const leaderless = await fake(() => ({ status: 500, body: 'No cluster leader' }));
    const error: unknown = await readAll(open([nobody, leaderless.address])).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringMatching(/127\.0\.0\.1:9 does not answer: .*ECONNREFUSED/),
    });
    expect(error).toMatchObject({
      message: expect.stringContaining(`${leaderless.address} cannot serve now`),
    });
    await expect(readAll(open([nobody, 'http://name.invalid:8500']))).rejects.toMatchObject({
      code: 'StoreUnreachable',
      message: expect.stringMatching(/127\.0\.0\.1:9.*name\.invalid/),
    });
  });

  test('an answer that refuses is final: other addresses are not asked', async () => {
    const refusing = await fake(() => ({ status: 403, body: 'ACL not found' }));
    const other = await fake(() => ({ body: twoKeys }));
    await expect(readAll(open([refusing.address, other.address]))).rejects.toMatchObject({
      code: 'StoreRefused',
    });
    expect(other.requests).toHaveLength(0);
  });

  test('the token goes into its header and nowhere else; datacenter and consistency into the query', async () => {
    const token = 'a-secret-token';
    const server = await fake(() => ({ body: twoKeys }));
    const store = open([server.address], { token, datacenter: 'dc two', consistency: 'stale' });
    const { moment, records } = await store.read({ prefix: 'a b/' }, never);
    for await (const batch of records) expect(batch).toEqual([]);
    expect(moment).toEqual({ index: '42', consistency: 'stale' });
    expect(server.requests.map(({ url }) => url)).toContain('/v1/kv/a%20b/?recurse&stale&dc=dc%20two');
    for (const request of server.requests) {
      expect(request.headers['x-consul-token']).toBe(token);
      const others = Object.entries(request.headers).filter(([name]) => name !== 'x-consul-token');
      expect(JSON.stringify([request.url, request.body, others])).not.toContain(token);
    }
  });

  test('an error never holds the token', async () => {
    const server = await fake(() => ({ status: 403, body: 'ACL not found' }));
    const error: unknown = await readAll(open([server.address], { token: 'a-secret-token' })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-secret-token');
  });
});

describe('asking a Consul who it is', () => {
  test('a server without a leader is no store', async () => {
    const server = await fake(() => ({ body: '""' }));
    await expect(open([server.address]).describe(never)).rejects.toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringMatching(/no leader/),
    });
  });

  test('one that may not be asked for its version has an unknown one', async () => {
    const server = await fake(({ url }) =>
      url.startsWith('/v1/status') ? { body: '"10.0.0.1:8300"' } : { status: 403 },
    );
    expect(await open([nobody, server.address], { datacenter: 'dc9' }).describe(never)).toEqual({
      kind: 'consul',
      version: 'unknown',
      address: server.address,
      details: { datacenter: 'dc9' },
    });
  });
});

describe('a Consul that says nothing', () => {
  test('every method ends when the signal aborts', async () => {
    const server = await fake(() => ({ silent: true }));
    const store = open([server.address]);
    const reason = new Error('enough');
    const some = [{ op: 'delete', key: Buffer.from('key'), seen: '1' }] as const;
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => store.describe(signal),
      (signal) => store.read({ prefix: '' }, signal),
      (signal) =>
        store.unchangedSince({ index: '1', consistency: 'point-in-time' }, 1, { prefix: '' }, signal),
      (signal) => store.write(one(some), { signal, onOutcome: () => undefined }),
    ];
    for (const call of calls) {
      const before = server.requests.length;
      const stop = new AbortController();
      const called = call(stop.signal);
      while (server.requests.length === before || !isSilent(server.requests.at(-1))) await pause(1);
      stop.abort(reason);
      await expect(called).rejects.toBe(reason);
    }
  });

  test('a reading does not run ahead of its reader', async () => {
    const many = Array.from({ length: 8_000 }, (_, n) =>
      entry(`key ${String(n).padStart(5, '0')}`, 'eHh4'.repeat(1000)),
    );
    const body = Buffer.from(`[${many.join()}]`);
    const server = await fake(() => ({ body }));
    const { records } = await open([server.address]).read({ prefix: '' }, never);
    const iterator = records[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    await pause(200);
    // What the sockets hold is some megabytes; the answer has 32.
    expect(server.sent()).toBeLessThan(body.length / 2);
    await iterator.return?.();
  });
});

const isSilent = (request: FakeRequest | undefined) => /status|kv|txn/.test(request?.url ?? '');
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function* one(writes: readonly Write[]): AsyncGenerator<readonly Write[]> {
  yield await Promise.resolve(writes);
}

describe('writing to a Consul that fails', () => {
  interface Operation {
    readonly KV: { readonly Verb: string; readonly Key: string; readonly Value?: string };
  }
  const operationsOf = ({ body }: FakeRequest) => JSON.parse(body) as readonly Operation[];
  const transacted = ({ requests }: FakeConsul) =>
    requests.filter(({ url }) => url === '/v1/txn').flatMap(operationsOf);
  const writes = (count: number, bytes = 10): readonly Write[] =>
    Array.from({ length: count }, (_, n) => ({
      op: 'set',
      record: record(`k${n}`, 'x'.repeat(bytes)),
      seen: '0',
    }));
  const done = { body: '{"Results":[],"Errors":null}' };
  const sizes = (server: FakeConsul) =>
    server.requests.filter(({ url }) => url === '/v1/txn').map((request) => operationsOf(request).length);

  test('an older server takes 64 operations: it is told once', async () => {
    const server = await fake((request) => {
      const count = operationsOf(request).length;
      if (count <= 64) return done;
      return { status: 413, body: `Transaction contains too many operations (${count} > 64)` };
    });
    const told = await send(open([server.address]), writes(4000));
    expect(told.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(new Set(told.map(({ key }) => key)).size).toBe(4000);
    // Each lane may have had one transaction under way when the limit became known.
    expect(sizes(server).filter((size) => size > 64).length).toBeLessThanOrEqual(8);
    expect(Math.max(...sizes(server).slice(-20))).toBeLessThanOrEqual(64);
  });

  test.each([
    [
      'Consul',
      (size: number) => `Request body(${size} bytes) too large, max size: 100000 bytes. See https://…`,
    ],
    ['a proxy that gives no number', () => '<html>413 Request Entity Too Large</html>'],
  ])('a smaller body limit of %s is learned', async (_, words) => {
    const server = await fake((request) =>
      request.url === '/v1/txn' && request.body.length > 100_000
        ? { status: 413, body: words(request.body.length) }
        : done,
    );
    const told = await send(open([server.address]), writes(2000, 3000));
    expect(told.every(({ outcome }) => outcome === 'done')).toBe(true);
    const tooLarge = server.requests.filter(({ body }) => body.length > 100_000);
    expect(tooLarge.length).toBeGreaterThan(0);
    expect(tooLarge.length).toBeLessThan(30);
    expect(server.requests.slice(-10).every(({ body }) => body.length <= 100_000)).toBe(true);
  });

  test('no transaction is larger than its limits', async () => {
    const server = await fake(() => done);
    await send(open([server.address]), [...writes(300, 1), ...writes(300, 9000), ...writes(3, 390_000)]);
    expect(Math.max(...sizes(server))).toBe(128);
    const largest = Math.max(...server.requests.map(({ body }) => Buffer.byteLength(body)));
    expect(largest).toBeLessThanOrEqual(524_288);
    expect(largest).toBeGreaterThan(500_000);
  });

  test('a value too large for a transaction is put, guarded, with its flags', async () => {
    const server = await fake(() => ({ body: 'true' }));
    const large = record('large one', 'x'.repeat(400_000), '0', '18446744073709551615');
    const told = await send(open([server.address]), [{ op: 'set', record: large, seen: '77' }]);
    expect(told.map(({ outcome }) => outcome)).toEqual(['done']);
    const [put] = server.requests.filter(({ method }) => method === 'PUT');
    expect(put?.url).toBe('/v1/kv/large%20one?cas=77&flags=18446744073709551615');
    expect(put?.body.length).toBe(400_000);
  });

  test('a value that costs less alone is put; one whose key cannot stand in a URL stays in a transaction', async () => {
    const server = await fake(({ url }) => (url.startsWith('/v1/txn') ? done : { body: 'true' }));
    const value = 'x'.repeat(16 * 1024);
    const records = [
      ...['alone', 'no//path', 'k'.repeat(2049)].map((key) => record(key, value)),
      record('smaller', value.slice(1)),
    ];
    const told = await send(
      open([server.address]),
      records.map((wanted) => ({ op: 'set', record: wanted, seen: '5' })),
    );
    expect(told.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
    const puts = server.requests.filter(({ method, url }) => method === 'PUT' && url !== '/v1/txn');
    expect(puts.map(({ url, body }) => [url, body.length])).toEqual([
      ['/v1/kv/alone?cas=5&flags=0', value.length],
    ]);
    expect(transacted(server).map(({ KV: { Key } }) => Key)).toEqual([
      'no//path',
      'k'.repeat(2049),
      'smaller',
    ]);
  });

  test('a value that was put before is already there; one that others changed is a conflict', async () => {
    const value = 'x'.repeat(20_000);
    const stored = new Map([
      ['ours', Buffer.from(value).toString('base64')],
      ['theirs', 'eA=='],
    ]);
    const server = await fake((request) => {
      if (!request.url.startsWith('/v1/txn')) return { body: 'false' };
      const [key] = operationsOf(request).map(({ KV: { Key } }) => Key);
      const found = JSON.parse(entry(key ?? '', stored.get(key ?? ''))) as object;
      return { body: JSON.stringify({ Results: [{ KV: found }], Errors: null }) };
    });
    const told = await send(
      open([server.address]),
      ['ours', 'theirs'].map((key) => ({ op: 'set', record: record(key, value), seen: '0' })),
    );
    expect(told.map(({ key, outcome }) => `${key} ${outcome}`).sort()).toEqual([
      'ours already',
      'theirs conflict',
    ]);
  });

  test.each([
    [400, ''],
    [413, 'too large for this proxy'],
    [500, 'invalid key name, path traversal is not allowed'],
  ])('a value that is refused alone with %i goes into a transaction where it fits', async (status, body) => {
    const server = await fake(({ url }) => (url === '/v1/txn' ? done : { status, body }));
    const write: Write = { op: 'set', record: record('one', 'x'.repeat(20_000)), seen: '0' };
    const told = await send(open([server.address]), [write]);
    expect(told.map(({ outcome }) => outcome)).toEqual(['done']);
    expect(transacted(server)).toHaveLength(1);
  });

  test('a value that is taken neither alone nor in a transaction is refused by name', async () => {
    const server = await fake(({ method }) =>
      method === 'PUT' ? { status: 413, body: 'too large for this proxy' } : done,
    );
    const write: Write = { op: 'set', record: record('one', 'x'.repeat(20_000)), seen: '0' };
    const told = await send(open([server.address]), [write]);
    expect(told).toMatchObject([{ outcome: 'refused', reason: expect.stringContaining('413') }]);
  });

  test.each([
    [400, ''],
    [413, 'Request body too large'],
    [500, 'invalid key name, path traversal is not allowed'],
  ])('a name or value that a server refuses with %i is refused by name', async (status, body) => {
    const server = await fake(({ url }) => (url === '/v1/txn' ? done : { status, body }));
    const large = record('large one', 'x'.repeat(400_000));
    const told = await send(open([server.address]), [{ op: 'set', record: large, seen: '0' }, ...writes(3)]);
    expect(told.find(({ key }) => key === 'large one')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(String(status)),
    });
    expect(told.filter(({ outcome }) => outcome === 'done')).toHaveLength(3);
  });

  test('overload, no leader and lost connections are waited out', async () => {
    const troubles: FakeAnswer[] = [
      { status: 429, body: 'too many requests' },
      { status: 500, body: 'No cluster leader' },
      { status: 503 },
      { hangUp: true },
      { body: done.body, breakAfter: 3 },
    ];
    const server = await fake(() => troubles.shift() ?? done);
    const told = await send(open([server.address]), writes(5));
    expect(told.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(troubles).toEqual([]);
  });

  test('an answer lost after the transaction was done is found out', async () => {
    const stored = new Map<string, string>();
    let lost = false;
    const server = await fake((request) => {
      const operations = operationsOf(request);
      if (operations[0]?.KV.Verb === 'get') {
        const results = operations.map(
          ({ KV: { Key } }) => JSON.parse(entry(Key, stored.get(Key))) as object,
        );
        return { body: JSON.stringify({ Results: results.map((KV) => ({ KV })), Errors: null }) };
      }
      const errors = operations.flatMap(({ KV }, OpIndex) =>
        stored.has(KV.Key) ? [{ OpIndex, What: `failed to set key "${KV.Key}", index is stale` }] : [],
      );
      if (errors.length > 0) return { status: 409, body: JSON.stringify({ Results: null, Errors: errors }) };
      for (const { KV } of operations) stored.set(KV.Key, KV.Value ?? '');
      const hangUp = !lost;
      lost = true;
      return hangUp ? { hangUp } : done;
    });
    const told = await send(open([server.address]), writes(40));
    expect(told.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 40 }, () => 'already'));
  });

  test('a token that may not write ends the writing', async () => {
    const server = await fake(() => ({
      status: 409,
      body: JSON.stringify({
        Results: null,
        Errors: [{ OpIndex: 0, What: `Permission denied: token lacks permission 'key:write' on "k0"` }],
      }),
    }));
    await expect(send(open([server.address]), writes(2))).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringMatching(/does not let the token write.*key:write.*k0/),
    });
  });

  test('an operation that fails for another reason is refused by name, and the rest is written', async () => {
    const server = await fake((request) => {
      const operations = operationsOf(request);
      const index = operations.findIndex(({ KV }) => KV.Key === 'k3');
      if (index === -1) return done;
      return {
        status: 409,
        body: JSON.stringify({ Errors: [{ OpIndex: index, What: 'a new rule of Consul' }] }),
      };
    });
    const told = await send(open([server.address]), writes(6));
    expect(told.filter(({ outcome }) => outcome === 'done')).toHaveLength(5);
    expect(told.find(({ key }) => key === 'k3')).toMatchObject({
      outcome: 'refused',
      reason: 'a new rule of Consul',
    });
  });

  test('a deadline ends the waiting', async () => {
    const stop = new AbortController();
    const server = await fake(() => {
      if (server.requests.length > 12) stop.abort(new Error('the deadline'));
      return { status: 500, body: 'No cluster leader' };
    });
    const store = open([server.address]);
    const told: string[] = [];
    const writing = store.write(one(writes(1000)), {
      signal: stop.signal,
      onOutcome: (_, outcome) => told.push(outcome),
    });
    await expect(writing).rejects.toThrow('the deadline');
    expect(told).toEqual([]);
  });
});
