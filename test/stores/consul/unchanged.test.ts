import { openConsul } from '../../../stores/consul/consul.ts';
import { type FakeAnswer, type FakeConsul, startFakeConsul } from './fake-consul.ts';

const servers: FakeConsul[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** Asks a Consul that shows this for a key that is not there, and two keys at the index 42 in its list. */
async function ask(forNoKey: FakeAnswer, index: string, prefix = '') {
  const server = await startFakeConsul(({ url }) =>
    url.includes('?keys') ? { body: '["a","b"]' } : forNoKey,
  );
  servers.push(server);
  const store = openConsul({ addresses: [server.address], consistency: 'consistent' });
  const moment = { index, consistency: 'point-in-time' } as const;
  const unchanged = await store.unchangedSince(moment, 2, { prefix }, new AbortController().signal);
  await store.close();
  return { unchanged, listed: server.requests.some(({ url }) => url.includes('?keys')) };
}

const missing = { status: 404 };

test('that a whole store has changed is told by its index alone, without a list of a million keys', async () => {
  expect(await ask(missing, '41')).toEqual({ unchanged: false, listed: false });
});

test('that it has not is never told without the list', async () => {
  expect(await ask(missing, '42')).toEqual({ unchanged: true, listed: true });
});

test.each<[string, FakeAnswer]>([
  ['the token may not read it', { status: 403 }],
  ['there is such a key after all', { status: 200, headers: { 'X-Consul-Index': '7' }, body: '[]' }],
])('the list is asked for where %s', async (_, forNoKey) => {
  expect(await ask(forNoKey, '42')).toEqual({ unchanged: true, listed: true });
});

test('the index of all keys says nothing of those under a prefix', async () => {
  const elsewhere = { status: 404, headers: { 'X-Consul-Index': '50' } };
  expect(await ask(elsewhere, '42', 'app/')).toEqual({ unchanged: true, listed: true });
});
