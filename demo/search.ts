import { createHash } from 'node:crypto';

const index = 'orders';

/** Some thousand orders, with numbers that naive tools spoil: longs beyond 2^53, and `1.0`. */
export async function fillSearch(address: string): Promise<void> {
  const lines = Array.from(
    { length: 2_000 },
    (_, n) =>
      `{"index":{"_id":"${n}"}}\n{"order":${9_007_199_254_740_993n + BigInt(n)},"price":${n % 90}.0,"by":"customer-${n % 300}"}\n`,
  );
  await ask(address, 'PUT', `/${index}`, '{"settings":{"number_of_replicas":0},"aliases":{"current":{}}}');
  await ask(address, 'POST', `/${index}/_bulk?refresh=true`, lines.join(''));
}

export async function loseIndex(address: string): Promise<void> {
  await ask(address, 'DELETE', `/${index}`);
}

/** Deletes a few documents, changes another, and adds one. */
export async function spoilDocuments(address: string): Promise<void> {
  const lines = [
    ...['1', '22', '333'].map((id) => `{"delete":{"_id":"${id}"}}\n`),
    '{"index":{"_id":"444"}}\n{"spoilt":true}\n',
  ];
  await ask(address, 'POST', `/${index}/_bulk?refresh=true`, lines.join(''));
}

/** A SHA-256 over ids and sources, as OpenSearch itself shows them through the alias. Not Holdfast's code. */
export async function searchFingerprint(
  address: string,
): Promise<{ readonly documents: number; readonly sha256: string }> {
  const text = await ask(
    address,
    'GET',
    '/current/_search?size=10000&filter_path=hits.hits._id,hits.hits._source',
  );
  const hits = [...text.matchAll(/"_id":"(\d+)","_source":(\{[^}]*\})/g)].map(
    ([, id, source]) => `${id} ${source}`,
  );
  const sha256 = createHash('sha256').update(hits.sort().join('\n')).digest('hex');
  return { documents: hits.length, sha256 };
}

async function ask(address: string, method: string, path: string, body?: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${address}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  if (response.ok && !text.includes('"errors":true')) return text;
  throw new Error(`OpenSearch answered ${method} ${path}: ${text.slice(0, 300)}`);
}
