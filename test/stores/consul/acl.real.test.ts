import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startConsul } from '../../../services/consul.ts';
import type { ConsulServer } from '../../../services/consul.ts';
import { openConsul } from '../../../stores/consul/consul.ts';
import type { KeyStore } from '../../../stores/store.ts';
import { readAll, send } from '../conformance.ts';
import { askConsul, fillConsul } from '../plain-consul.ts';
import { record } from '../records.ts';

const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const anonymous = '00000000-0000-0000-0000-000000000002';
const opened: { close(): Promise<void> }[] = [];

function open(server: ConsulServer, token?: string): KeyStore {
  const store = openConsul({
    addresses: [server.address],
    consistency: 'consistent',
    ...(token === undefined ? {} : { token }),
  });
  opened.push(store);
  return store;
}

async function call(server: ConsulServer, method: string, path: string, body: object): Promise<unknown> {
  const { status, text } = await askConsul(server.address, method, path, JSON.stringify(body), management);
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text);
}

/** A token with these rules. */
async function tokenFor(server: ConsulServer, name: string, rules: string): Promise<string> {
  await call(server, 'PUT', '/v1/acl/policy', { Name: name, Rules: rules });
  const token = await call(server, 'PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
  return (token as { SecretID: string }).SecretID;
}

const names = (records: readonly { key: Buffer }[]) => records.map(({ key }) => key.toString());

describe('a Consul that denies by default', () => {
  let server: ConsulServer;
  beforeAll(async () => {
    server = await startConsul({ token: management });
    await fillConsul(
      server.address,
      ['app/1', 'app/2', 'other'].map((key) => record(key, 'value')),
      management,
    );
  });
  afterAll(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server.stop();
  });

  test('the management token sees everything', async () => {
    const store = open(server, management);
    expect(names(await readAll(store))).toEqual(['app/1', 'app/2', 'other']);
    expect((await store.describe(new AbortController().signal)).version).toBe('1.22.5');
  });

  test('without a token a hidden store looks empty: it is refused', async () => {
    await expect(readAll(open(server))).rejects.toMatchObject({
      code: 'ReadFiltered',
      message: expect.stringContaining(server.address),
    });
    await expect(readAll(open(server), { prefix: 'nothing here/' })).rejects.toMatchObject({
      code: 'ReadFiltered',
    });
  });

  test('without a token a half-visible store looks whole: it is refused', async () => {
    await call(server, 'PUT', '/v1/acl/policy', {
      Name: 'half-for-all',
      Rules: 'key_prefix "app/" { policy = "read" }',
    });
    await call(server, 'PUT', `/v1/acl/token/${anonymous}`, { Policies: [{ Name: 'half-for-all' }] });
    try {
      const { status, headers } = await askConsul(server.address, 'GET', '/v1/kv/?keys');
      expect([status, headers['x-consul-results-filtered-by-acls']]).toEqual([200, undefined]);
      await expect(readAll(open(server))).rejects.toMatchObject({ code: 'ReadFiltered' });
      await expect(readAll(open(server, 'anonymous'))).rejects.toMatchObject({ code: 'ReadFiltered' });
    } finally {
      await call(server, 'PUT', `/v1/acl/token/${anonymous}`, { Policies: [] });
    }
  });

  test('a token that sees a part is refused, and read within its part', async () => {
    const token = await tokenFor(server, 'app-only', 'key_prefix "app/" { policy = "read" }');
    const store = open(server, token);
    await expect(readAll(store)).rejects.toMatchObject({
      code: 'ReadFiltered',
      message: expect.stringContaining('hides keys'),
    });
    expect(names(await readAll(store, { prefix: 'app/' }))).toEqual(['app/1', 'app/2']);
    expect(await readAll(store, { prefix: 'app/3' })).toEqual([]);
  });

  test('a token that sees nothing is refused, and an empty prefix is empty', async () => {
    const token = await tokenFor(server, 'nothing', 'node_prefix "" { policy = "read" }');
    await expect(readAll(open(server, token))).rejects.toMatchObject({ code: 'ReadFiltered' });
    expect(await readAll(open(server, token), { prefix: 'nothing here/' })).toEqual([]);
  });

  test('a token with a hole is refused', async () => {
    const token = await tokenFor(
      server,
      'hole',
      'key_prefix "" { policy = "read" } key "app/2" { policy = "deny" }',
    );
    await expect(readAll(open(server, token))).rejects.toMatchObject({ code: 'ReadFiltered' });
    await expect(readAll(open(server, token), { prefix: 'app/' })).rejects.toMatchObject({
      code: 'ReadFiltered',
    });
  });

  test('a token that reads all keys and nothing else serves; the version stays unknown', async () => {
    const token = await tokenFor(server, 'keys', 'key_prefix "" { policy = "read" }');
    const store = open(server, token);
    expect(await readAll(store)).toHaveLength(3);
    expect(await store.describe(new AbortController().signal)).toMatchObject({ version: 'unknown' });
    await expect(send(store, [{ op: 'set', record: record('app/3', 'v'), seen: '0' }])).rejects.toMatchObject(
      { code: 'StoreRefused', message: expect.stringContaining('app/3') },
    );
  });

  test('a token that nobody knows is refused', async () => {
    const store = open(server, '11111111-2222-3333-4444-555555555555');
    await expect(readAll(store)).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringContaining('ACL not found'),
    });
  });

  test('a writing that the token may not do changes nothing', async () => {
    const token = await tokenFor(
      server,
      'write-app',
      'key_prefix "" { policy = "read" } key_prefix "app/" { policy = "write" }',
    );
    const store = open(server, token);
    await expect(
      send(store, [
        { op: 'set', record: record('app/3', 'v'), seen: '0' },
        { op: 'set', record: record('other/3', 'v'), seen: '0' },
      ]),
    ).rejects.toMatchObject({ code: 'StoreRefused' });
    expect(names(await readAll(store))).toEqual(['app/1', 'app/2', 'other']);
  });
});

describe('a Consul with ACLs that allows by default', () => {
  let server: ConsulServer;
  beforeAll(async () => {
    const acl = { enabled: true, default_policy: 'allow', tokens: { initial_management: management } };
    server = await startConsul({ token: management, settings: { acl } });
    await fillConsul(
      server.address,
      ['app/1', 'app/2', 'other'].map((key) => record(key, 'value')),
      management,
    );
  });
  afterAll(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server.stop();
  });

  test('is read without a token as long as no rule takes anything from the anonymous one', async () => {
    expect(await readAll(open(server))).toHaveLength(3);
    await call(server, 'PUT', '/v1/acl/policy', {
      Name: 'deny-app',
      Rules: 'key_prefix "app/" { policy = "deny" }',
    });
    await call(server, 'PUT', `/v1/acl/token/${anonymous}`, { Policies: [{ Name: 'deny-app' }] });
    await expect(readAll(open(server))).rejects.toMatchObject({ code: 'ReadFiltered' });
  });
});

test('a Consul agent that puts in a token of its own is read without one', async () => {
  const tokens = { initial_management: management, default: management };
  const server = await startConsul({
    token: management,
    settings: { acl: { enabled: true, default_policy: 'deny', tokens } },
  });
  try {
    await fillConsul(server.address, [record('key', 'value')], management);
    expect(await readAll(open(server))).toHaveLength(1);
  } finally {
    for (const store of opened.splice(0)) await store.close();
    await server.stop();
  }
});
