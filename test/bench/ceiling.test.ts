import { expect, test } from '@jest/globals';
import { readyRequests } from '../../bench/ceiling.ts';

test('small values are sent in full transactions, in the order of the keys', async () => {
  const requests = await readyRequests({ values: 'small', keys: 300 });
  expect(requests.map(({ path }) => path)).toEqual(['/v1/txn', '/v1/txn', '/v1/txn']);
  const operations = requests.map(
    ({ body }) => JSON.parse(body.toString()) as readonly { readonly KV: { readonly Key: string } }[],
  );
  expect(operations.map(({ length }) => length)).toEqual([128, 128, 44]);
  const keys = operations.flat().map(({ KV }) => KV.Key);
  expect(keys).toEqual(keys.toSorted());
});

test('large values are sent one by one', async () => {
  const requests = await readyRequests({ values: 'large', keys: 3 });
  expect(requests.map(({ body }) => body.length)).toEqual([65_536, 65_536, 65_536]);
  for (const { path } of requests) expect(path).toMatch(/^\/v1\/kv\/config\/.*\?cas=0&flags=0$/);
});
