import { batchesOf } from '../stores/consul/batches.ts';
import { kvPath } from '../stores/consul/keys.ts';
import { defaultLimits } from '../stores/consul/limits.ts';
import type { Write } from '../stores/store.ts';
import type { Round } from './statistics.ts';
import { recordsOf, sizeOf, type Tree } from './tree.ts';

/** A request as a restore into an empty Consul sends it. */
export interface ReadyRequest {
  readonly path: string;
  readonly body: Buffer;
  /** Of the keys and values in it. */
  readonly bytes: number;
}

/** As many as a restore has under way. */
const lanes = 8;

/** The requests that write this tree, made before any clock runs. */
export async function readyRequests(tree: Tree): Promise<readonly ReadyRequest[]> {
  const records = [...recordsOf(tree)].flat().sort((one, other) => Buffer.compare(one.key, other.key));
  async function* writes(): AsyncGenerator<readonly Write[]> {
    yield await Promise.resolve(records.map((record): Write => ({ op: 'set', record, seen: '0' })));
  }
  const requests: ReadyRequest[] = [];
  for await (const batch of batchesOf(writes(), defaultLimits(), () => false)) {
    if (batch.kind === 'transaction') {
      const operations = batch.items.flatMap((item) => item.operations);
      const bytes = batch.items.reduce((sum, { write }) => sum + bytesOf(write), 0);
      requests.push({ path: '/v1/txn', body: Buffer.from(`[${operations.join(',')}]`), bytes });
    } else {
      const { key, value } = batch.write.record;
      const path = `${kvPath(key.toString())}?cas=0&flags=0`;
      requests.push({ path, body: value ?? Buffer.alloc(0), bytes: bytesOf(batch.write) });
    }
  }
  return requests;
}

function bytesOf(write: Write): number {
  return write.op === 'set' ? sizeOf(write.record) : 0;
}

/**
 * Sends them as fast as Consul answers: what it can take on this machine from a client that does nothing else.
 * Processor time and memory are those of the sender.
 */
export async function measureSending(address: string, requests: readonly ReadyRequest[]): Promise<Round> {
  const waiting = requests.values();
  const before = process.cpuUsage();
  const started = performance.now();
  async function lane(): Promise<void> {
    for (const { path, body } of waiting) {
      const response = await fetch(`${address}${path}`, { method: 'PUT', body: new Uint8Array(body) });
      const text = await response.text();
      if (!response.ok || text.trim() === 'false') {
        throw new Error(`Consul answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS * 1024 };
}
