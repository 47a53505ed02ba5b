import type { KeyRecord } from '../workflows/contract/record.ts';

export type ValueSize = 'small' | 'large';

/** A made-up tree of keys; the same at every call. */
export interface Tree {
  readonly values: ValueSize;
  readonly keys: number;
}

const largeBytes = 64 * 1024;
/** With 64 KiB for each of a million keys Consul would need hundreds of GB of memory. */
const smallPerLarge = 64;

/** `keys` small values; or of large ones as many as hold `keys` KiB. */
export function treeOf(values: ValueSize, keys: number): Tree {
  return { values, keys: values === 'small' ? keys : Math.ceil(keys / smallPerLarge) };
}

const batchBytes = 512 * 1024;

/** Settings of services as platforms keep them: keys of about 50 bytes, values of about 100 bytes or of 64 KiB. */
export function* recordsOf({ values, keys }: Tree): Generator<readonly KeyRecord[]> {
  const random = createRandom(1);
  const valueOf = values === 'small' ? () => smallValue(random) : largeValues(random);
  let batch: KeyRecord[] = [];
  let bytes = 0;
  for (let number = 0; number < keys; number++) {
    const record = {
      key: Buffer.from(keyOf(number)),
      value: Buffer.from(valueOf()),
      attributes: { flags: '0' },
      meta: {},
    };
    batch.push(record);
    bytes += sizeOf(record);
    if (bytes >= batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Bytes of key and value. */
export function sizeOf({ key, value }: KeyRecord): number {
  return key.length + (value?.length ?? 0);
}

const environments = ['dev', 'staging', 'prod'];

function keyOf(number: number): string {
  const team = String(number % 23).padStart(2, '0');
  const service = String(number % 997).padStart(4, '0');
  const environment = environments[number % environments.length] ?? '';
  return `config/${environment}/team-${team}/service-${service}/setting-${String(number).padStart(7, '0')}`;
}

function smallValue(random: () => number): string {
  const octet = () => random() % 256;
  const id = hex(random) + hex(random);
  return JSON.stringify({
    host: `10.${octet()}.${octet()}.${octet()}`,
    port: 1024 + (random() % 60_000),
    weight: random() % 100,
    tags: ['v12', 'eu-central-1'],
    id,
  });
}

/** Cut from one long text, so long that no compressor finds the end of a value again in the next ones. */
function largeValues(random: () => number): () => string {
  const pieces: string[] = [];
  for (let length = 0; length < 256 * largeBytes; length += pieces.at(-1)?.length ?? 0) {
    pieces.push(`${smallValue(random)}\n`);
  }
  const text = pieces.join('');
  let at = 0;
  return () => {
    const value = text.slice(at, at + largeBytes);
    at = (at + largeBytes + 61) % (text.length - largeBytes);
    return value;
  };
}

function hex(random: () => number): string {
  return random().toString(16).padStart(8, '0');
}

/** 32-bit numbers without any order that a compressor could find (xorshift, Marsaglia 2003). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
