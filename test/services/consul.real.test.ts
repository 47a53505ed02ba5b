import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startConsul, type ConsulOptions, type ConsulServer } from '../../services/consul.ts';

const started: ConsulServer[] = [];
async function start(options: ConsulOptions = {}): Promise<ConsulServer> {
  const server = await startConsul(options);
  started.push(server);
  return server;
}
afterEach(() => Promise.all(started.splice(0).map((server) => server.stop())));

const key = (server: ConsulServer) => `${server.address}/v1/kv/key`;
const put = async (server: ConsulServer, body: string, headers: Record<string, string> = {}) =>
  (await fetch(key(server), { method: 'PUT', body, headers })).status;
const get = async (server: ConsulServer, headers: Record<string, string> = {}) => {
  const response = await fetch(`${key(server)}?raw`, { headers });
  return [response.status, await response.text()];
};

test('two run side by side and know nothing of each other', async () => {
  const [one, two] = await Promise.all([start(), start({ datacenter: 'dc2' })]);
  await put(one, 'first');
  await put(two, 'second');
  expect([await get(one), await get(two)]).toEqual([
    [200, 'first'],
    [200, 'second'],
  ]);
  const peers = await fetch(`${one.address}/v1/status/peers`);
  expect(await peers.json()).toHaveLength(1);
});

test('it starts empty', async () => {
  const response = await fetch(`${(await start()).address}/v1/kv/?recurse`);
  expect(response.status).toBe(404);
});

test('with a token, it denies whoever has none', async () => {
  const server = await start({ token: 'the-management-token' });
  expect(server.token).toBe('the-management-token');
  const allowed = { 'X-Consul-Token': 'the-management-token' };
  expect(await put(server, 'x')).toBe(403);
  expect(await put(server, 'x', allowed)).toBe(200);
  expect(await get(server, allowed)).toEqual([200, 'x']);
  const anonymous = await fetch(key(server));
  expect([anonymous.status, anonymous.headers.get('x-consul-default-acl-policy')]).toEqual([403, 'deny']);
});

test('with a data directory, it comes back with its data after kill -9, on the same address', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-consul-'));
  try {
    const before = await start({ dataDir, token: 'the-management-token' });
    const headers = { 'X-Consul-Token': 'the-management-token' };
    await put(before, 'kept', headers);
    await before.kill();
    await expect(fetch(before.address)).rejects.toThrow('fetch failed');

    const after = await start({ dataDir, token: 'the-management-token' });
    expect(after.address).toBe(before.address);
    expect(await get(after, headers)).toEqual([200, 'kept']);
    await after.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

test('with TLS, it shows a certificate of the authority and wants one of the client', async () => {
  const server = await start({ tls: true });
  if (!server.tls) throw new Error('It gives no certificates.');
  const [ca, cert, key] = await Promise.all(
    [server.tls.ca, server.tls.cert, server.tls.key].map((path) => readFile(path, 'utf8')),
  );
  const call = (tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined }) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { ca, cert, key } = tls;
      const sent = request(
        `${server.address}/v1/status/leader`,
        { agent: false, ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) },
        (response) => resolve(response.resume().statusCode),
      );
      sent.on('error', reject).end();
    });

  expect(server.address).toMatch(/^https:/);
  expect(await call({ ca, cert, key })).toBe(200);
  await expect(call({ ca })).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/);
  await expect(call({ cert, key })).rejects.toThrow('unable to verify the first certificate');
  expect(new X509Certificate(cert ?? '').checkIssued(new X509Certificate(ca ?? ''))).toBe(true);

  await server.stop();
  await expect(stat(server.tls.ca)).rejects.toThrow('ENOENT');
});

test('settings of Consul itself can be given', async () => {
  const server = await start({ settings: { limits: { kv_max_value_size: 600_000 } } });
  expect(await put(server, 'x'.repeat(590_000))).toBe(200);
});

test('one that does not start shows the end of its log', async () => {
  await expect(startConsul({ settings: { no_such_setting: 1 } })).rejects.toThrow(
    /^Consul could not be started: it ended by itself\.\nThe end of its log:\n[^]*no_such_setting/,
  );
});
