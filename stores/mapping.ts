import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';

/** Where the keys of a backup are written: `from` at the start of a key is replaced by `to`. */
export interface KeyMapping {
  readonly from: string;
  readonly to: string;
}

/**
 * Records whose keys start with `from`, under `to`; the others are left out. The order stays ascending: with a common
 * start taken away, or put before, two keys compare just as what follows that start.
 */
export async function* mapRecords(records: RecordBatches, mapping: KeyMapping): RecordBatches {
  const from = Buffer.from(mapping.from);
  const to = Buffer.from(mapping.to);
  const inPlace = mapping.from === mapping.to;
  for await (const batch of records) {
    const found = from.length === 0 ? batch : batch.filter(({ key }) => startsWith(key, from));
    if (found.length === 0) continue;
    // A restore in place maps every key to itself: nothing is made anew for millions of them.
    if (inPlace) yield found;
    else
      yield found.map((record) => ({
        ...record,
        key: Buffer.concat([to, record.key.subarray(from.length)]),
      }));
  }
}

export function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/**
 * Whether a restore has nothing to do: value and attributes are equal. `null` is equal to an empty value: no write
 * to Consul can tell them apart.
 */
export function sameContent(one: KeyRecord, other: KeyRecord): boolean {
  return sameValue(one.value, other.value) && sameAttributes(one.attributes, other.attributes);
}

function sameValue(one: Buffer | null, other: Buffer | null): boolean {
  if (one === null || other === null) return (one?.length ?? 0) === (other?.length ?? 0);
  return one.equals(other);
}

function sameAttributes(one: KeyRecord['attributes'], other: KeyRecord['attributes']): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
  );
}
