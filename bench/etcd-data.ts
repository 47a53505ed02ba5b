import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEtcd } from '../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../stores/etcd/settings.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { type Filled, fillStore } from './fill.ts';
import { createRandom, sizeOf } from './tree.ts';

const batchBytes = 512 * 1024;
const leastValue = 300;
const mostValue = 8192;

/**
 * Made-up objects of a Kubernetes, the same at every call, until keys and values have that many bytes together: many
 * small ones and few of up to 8 KiB; text, half of which no compressor can make smaller.
 */
export function* objectsOf(bytes: number): Generator<readonly KeyRecord[]> {
  const random = createRandom(1);
  const text = textOf(random);
  let batch: KeyRecord[] = [];
  let filled = 0;
  let total = 0;
  for (let number = 0; total < bytes; number++) {
    const share = (random() % 1000) / 1000;
    const length = Math.floor(leastValue + (mostValue - leastValue) * share * share);
    const start = random() % (text.length - length);
    const value = Buffer.from(text.subarray(start, start + length));
    const record = { key: Buffer.from(keyOf(number)), value, attributes: {}, meta: {} };
    batch.push(record);
    filled += sizeOf(record);
    total += sizeOf(record);
    if (filled < batchBytes) continue;
    yield batch;
    batch = [];
    filled = 0;
  }
  if (batch.length > 0) yield batch;
}

const kinds = ['pods', 'configmaps', 'secrets', 'events', 'deployments', 'leases', 'endpointslices'];

function keyOf(number: number): string {
  const kind = kinds[number % kinds.length] ?? '';
  const namespace = String(number % 211).padStart(3, '0');
  return `/registry/${kind}/team-${namespace}/service-${String(number).padStart(8, '0')}`;
}

/** So long that no compressor finds the end of a value again in the next ones. */
const textBytes = 8 * 1024 * 1024;
const secretBytes = 300;

function textOf(random: () => number): Buffer {
  const secrets = Buffer.from(Uint32Array.from({ length: textBytes / 8 }, random).buffer);
  const pieces: string[] = [];
  let length = 0;
  for (let start = 0; length < textBytes; start += secretBytes) {
    const token = secrets.toString('base64', start, start + secretBytes);
    const number = random() % 997;
    const piece =
      `{"metadata":{"labels":{"app.kubernetes.io/name":"service-${number}","tier":"backend"},` +
      `"resourceVersion":"${random()}"},"spec":{"containers":[{"image":"registry.example.com/team/service:` +
      `v${number % 50}","ports":[8080]}]},"data":{"token":"${token}"}}\n`;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.from(pieces.join(''), 'latin1');
}

/** Fills an empty etcd. */
export function fillEtcd(address: string, wanted: number): Promise<Filled> {
  const store = openEtcd({
    endpoints: [address],
    leases: 'drop',
    maxRequestBytes: defaultMaxRequestBytes,
  });
  return fillStore(store, objectsOf(wanted));
}

/** Writes what a loop of `etcdctl put` needs of the first keys: their names line by line, and a file for each value. */
export async function writePuts(directory: string, most: number): Promise<Filled> {
  await mkdir(join(directory, 'values'), { recursive: true });
  const names: string[] = [];
  let bytes = 0;
  for (const batch of objectsOf(most * mostValue)) {
    for (const record of batch.slice(0, most - names.length)) {
      await writeFile(join(directory, 'values', String(names.length)), record.value ?? '');
      names.push(record.key.toString());
      bytes += sizeOf(record);
    }
    if (names.length === most) break;
  }
  await writeFile(join(directory, 'keys'), `${names.join('\n')}\n`);
  return { keys: names.length, bytes };
}
