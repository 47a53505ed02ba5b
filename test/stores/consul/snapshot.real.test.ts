import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOrBuild } from '../../../services/cache/find.ts';
import { consul as consulTool, type ConsulServer, startConsul } from '../../../services/consul.ts';
import { freePorts } from '../../../services/ports.ts';
import { openConsulSnapshots } from '../../../stores/consul/consul.ts';
import { readFile } from '../../../stores/consul/file/read.ts';
import type { ConsulSettings } from '../../../stores/consul/settings.ts';
import type { SnapshotStore } from '../../../stores/store.ts';
import { askConsul, fillConsul, listConsul } from '../plain-consul.ts';
import { type FakeAnswer, startFakeConsul } from './fake-consul.ts';

const never = new AbortController().signal;
const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const opened: SnapshotStore[] = [];
const running: { stop(): Promise<void> }[] = [];
let folder: string;
let consul: ConsulServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-consul-'));
  consul = await start({ token: management });
});
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all(running.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startConsul>[0]): Promise<ConsulServer> {
  const server = await startConsul(options);
  running.push(server);
  return server;
}

function open(settings: Partial<ConsulSettings> = {}): SnapshotStore {
  const store = openConsulSnapshots({
    addresses: [consul.address],
    token: management,
    consistency: 'consistent',
    ...settings,
  });
  opened.push(store);
  return store;
}

async function take(store: SnapshotStore, meanwhile?: () => Promise<unknown>) {
  const reading = await store.snapshot(never);
  const chunks: Buffer[] = [];
  for await (const chunk of reading.bytes) {
    if (chunks.push(Buffer.from(chunk)) === 1) await meanwhile?.();
  }
  return { bytes: Buffer.concat(chunks), facts: reading.facts(), store: reading.store };
}

/** What Consul's own command says of a file: the number of each type of message. */
async function inspect(bytes: Buffer): Promise<ReadonlyMap<string, number>> {
  const file = join(folder, `${randomBytes(4).toString('hex')}.snap`);
  await writeFile(file, bytes);
  const program = await findOrBuild(consulTool);
  const { stdout } = await promisify(execFile)(program, ['snapshot', 'inspect', '-format=json', file]);
  const { Stats } = JSON.parse(stdout) as { readonly Stats: readonly { Name: string; Count: number }[] };
  return new Map(Stats.map(({ Name, Count }) => [Name, Count]));
}

async function put(path: string, body: object): Promise<void> {
  const { status, text } = await askConsul(consul.address, 'PUT', path, JSON.stringify(body), management);
  if (status !== 200) throw new Error(`${status}: ${text}`);
}

test('the file is Consul’s own, and what is counted and read in it is what Consul says', async () => {
  const records = Array.from({ length: 3_000 }, (_, n) => ({
    key: Buffer.from(`many/${String(n).padStart(5, '0')}`),
    value: n % 3 === 0 ? null : randomBytes((n % 50) * 20),
    attributes: { flags: String(2n ** 64n - 1n - BigInt(n)) },
  }));
  await fillConsul(consul.address, records, management);
  await fillConsul(consul.address, [{ key: Buffer.from('large'), value: randomBytes(380_000) }], management);
  await put('/v1/acl/policy', { Name: 'reader', Rules: 'key_prefix "" { policy = "read" }' });
  await put('/v1/acl/token', { Description: 'reads', Policies: [{ Name: 'reader' }] });
  await put('/v1/config', { Kind: 'service-defaults', Name: 'web', Protocol: 'http' });

  const { bytes, facts, store } = await take(open());
  expect(store).toMatchObject({ kind: 'consul', version: consulTool.version, address: consul.address });
  expect(facts).toMatchObject({ records: 3_001, warnings: [], moment: { consistency: 'point-in-time' } });
  expect(facts.moment.index).toBe(facts.consul?.index);
  const said = await inspect(bytes);
  const { counts = {} } = facts.consul ?? {};
  expect(counts).toMatchObject({
    keys: said.get('KVS'),
    'ACL tokens': said.get('ACLToken'),
    'ACL policies': said.get('ACLPolicy'),
    'config entries': said.get('ConfigEntry'),
  });
  expect((counts['nodes'] ?? 0) + (counts['services'] ?? 0) + (counts['health checks'] ?? 0)).toBe(
    said.get('Register'),
  );

  const reading = readFile(
    (async function* () {
      for (let at = 0; at < bytes.length; at += 10_000)
        yield await Promise.resolve(bytes.subarray(at, at + 10_000));
    })(),
    'the file',
  );
  const keys = (await Array.fromAsync(reading.records)).flat();
  expect(
    keys.map(({ key, value, attributes, meta }) => ({
      key: key.toString(),
      value: value === null ? null : value.toString('base64'),
      flags: attributes['flags'],
      modifyIndex: meta['modifyIndex'],
    })),
  ).toEqual(await listConsul(consul.address, management));
});

test('a token without the right is refused, and told which one is missing', async () => {
  await put('/v1/acl/policy', {
    Name: 'all-but',
    Rules: 'key_prefix "" { policy = "write" } operator = "write"',
  });
  const { text } = await askConsul(
    consul.address,
    'PUT',
    '/v1/acl/token',
    JSON.stringify({ Policies: [{ Name: 'all-but' }] }),
    management,
  );
  const { SecretID } = JSON.parse(text) as { readonly SecretID: string };
  for (const token of [SecretID, '33333333-1785-24fd-91c2-f8e78c745511', '']) {
    await expect(take(open({ token }))).rejects.toMatchObject({
      code: 'StoreRefused',
      retryable: false,
      message: expect.stringMatching(/needs `acl = "write"`/) as unknown,
    });
  }
});

test('a server that is killed in the middle: broken, to be tried again', async () => {
  const server = await start({});
  const noise = Array.from({ length: 120 }, (_, n) => ({
    key: Buffer.from(`noise/${n}`),
    value: randomBytes(380_000),
  }));
  await fillConsul(server.address, noise);
  const store = open({ addresses: [server.address] });
  const failure = take(store, () => server.kill());
  await expect(failure).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  await expect(failure).rejects.toThrow(server.address);
  await expect(take(store)).rejects.toMatchObject({ code: 'StoreUnreachable' });
});

test('without a leader there is no snapshot, but a stale one, which says so', async () => {
  const ports = async () => {
    const [http = 0, rpc = 0, lan = 0, wan = 0] = await freePorts(4);
    return { http, server: rpc, serf_lan: lan, serf_wan: wan, https: -1, dns: -1, grpc: -1, grpc_tls: -1 };
  };
  const [first, second] = [await ports(), await ports()];
  const one = await start({ port: first.http, dataDir: join(folder, 'one'), settings: { ports: first } });
  const other = await start({
    port: second.http,
    dataDir: join(folder, 'other'),
    settings: {
      ...{ ports: second, node_name: 'other', bootstrap_expect: 0 },
      retry_join: [`127.0.0.1:${first.serf_lan}`],
    },
  });
  await fillConsul(one.address, [{ key: Buffer.from('key'), value: Buffer.from('value') }]);
  const consistent = open({ addresses: [other.address] });
  const stale = open({ addresses: [other.address], consistency: 'stale' });
  // Until the follower has it itself: a write is answered as soon as most servers have it, which are one of one here.
  while ((await askConsul(other.address, 'GET', '/v1/kv/key?stale')).status !== 200);
  await one.kill();
  for (;;) {
    const { headers } = await askConsul(other.address, 'GET', '/v1/kv/key?stale');
    if (headers['x-consul-knownleader'] === 'false') break;
  }
  await expect(take(consistent)).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true });
  const { facts } = await take(stale);
  expect(facts).toMatchObject({
    records: 1,
    moment: { consistency: 'stale' },
    warnings: [
      expect.stringMatching(/is stale: it is of .*, which knows no leader and heard of one \d+ ms before/),
    ],
  });
});

describe('a Consul that lies', () => {
  let whole: Buffer;
  beforeAll(async () => {
    whole = (await take(open())).bytes;
  });
  async function answered(answer: FakeAnswer): Promise<unknown> {
    const fake = await startFakeConsul(({ url }) =>
      url.startsWith('/v1/snapshot')
        ? answer
        : { body: url.startsWith('/v1/status') ? '"127.0.0.1:8300"' : '{}' },
    );
    running.push({ stop: () => fake.close() });
    return take(open({ addresses: [fake.address] }));
  }

  test.each([
    ['ends too early without a word', (bytes: Buffer) => ({ body: bytes.subarray(0, bytes.length - 5000) })],
    ['breaks off', (bytes: Buffer) => ({ body: bytes, breakAfter: 100_000 })],
    [
      'has another byte',
      (bytes: Buffer) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(200_000) ^ 0x10, 200_000);
        return { body: damaged };
      },
    ],
    ['is empty', () => ({ body: '' })],
  ])('a stream that %s is broken', async (_, answer) => {
    await expect(answered(answer(whole))).rejects.toMatchObject({ code: 'StreamBroken', retryable: true });
  });

  test('the whole one is taken', async () => {
    await expect(answered({ body: whole })).resolves.toMatchObject({ facts: { records: 3_001 } });
  });
});
