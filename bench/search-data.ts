import { createRandom } from './tree.ts';
import type { Filled } from './fill.ts';

const batch = 5_000;

/** Made-up lines of a log, about 350 bytes each, the same at every call. */
export function* documentsOf(count: number): Generator<{ readonly id: string; readonly source: string }> {
  const random = createRandom(1);
  for (let number = 0; number < count; number++) {
    const at = new Date(Date.UTC(2026, 10, 22) + 37 * number).toISOString();
    const token = [random(), random(), random(), random()].map((word) => word.toString(16)).join('');
    const source =
      `{"@timestamp":"${at}","sequence":${9007199254740993n + BigInt(number)},"user":"user-${random() % 100_000}",` +
      `"price":${random() % 10_000}.0,"tags":["checkout","zone-${number % 3}"],"host":{"name":"host-${number % 40}",` +
      `"version":"1.${number % 9}.0"},"message":"request ${token} to service-${number % 50} took ${random() % 900} ms"}`;
    yield { id: `${number}-${token.slice(0, 8)}`, source };
  }
}

/** Makes the index of one shard, and fills it. */
export async function fillIndex(address: string, index: string, count: number): Promise<Filled> {
  await emptyIndex(address, index);
  let bytes = 0;
  let lines: string[] = [];
  for (const { id, source } of documentsOf(count)) {
    lines.push(`{"index":{"_id":"${id}"}}\n${source}\n`);
    bytes += source.length;
    if (lines.length < batch) continue;
    await ask(address, 'POST', `/${index}/_bulk`, lines.join(''));
    lines = [];
  }
  if (lines.length > 0) await ask(address, 'POST', `/${index}/_bulk`, lines.join(''));
  await ask(address, 'POST', `/${index}/_refresh`);
  await requireCount(address, index, count);
  return { keys: count, bytes };
}

/** Makes an index of one shard that does not refresh by itself; its mappings come with the documents. */
export async function emptyIndex(address: string, index: string): Promise<void> {
  const settings = { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '-1' };
  await ask(address, 'PUT', `/${index}`, JSON.stringify({ settings }));
}

/** @throws where the index does not hold so many documents */
export async function requireCount(address: string, index: string, count: number): Promise<void> {
  await ask(address, 'POST', `/${index}/_refresh`);
  const found = (await ask(address, 'GET', `/${index}/_count`)) as { readonly count: number };
  if (found.count !== count) throw new Error(`${index} holds ${found.count} of ${count} documents.`);
}

export async function ask(address: string, method: string, path: string, body?: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${address}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const answer: unknown = await response.json();
  const failed =
    typeof answer === 'object' && answer !== null && 'errors' in answer && answer.errors === true;
  if (!response.ok || failed) throw new Error(`${method} ${path}: ${JSON.stringify(answer).slice(0, 500)}`);
  return answer;
}
