import { HoldfastError } from '../workflows/contract/errors.ts';
import type { LeftOut } from '../workflows/contract/manifest.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import type { Row } from './format.ts';

/** Old files are in any order, so all of one is held in memory to sort it: this much, with 512 bytes for each key. */
export const largestBackup = 512 * 1024 * 1024;
const recordBytes = 512;
const mostExamples = 20;

/**
 * Gathers rows and puts their records into ascending bytewise order.
 *
 * @throws FileRefused where there are too many, or a key comes twice
 */
export async function inOrder(
  rows: AsyncIterable<Row>,
  address: string,
  limit = largestBackup,
): Promise<{ readonly records: readonly KeyRecord[]; readonly leftOut: readonly LeftOut[] }> {
  const records: KeyRecord[] = [];
  const left = new Map<string, { count: number; examples: string[] }>();
  let bytes = 0;
  for await (const { record, leftOut } of rows) {
    if (leftOut !== undefined) {
      const { reason, key } = leftOut;
      const entry = left.get(reason) ?? { count: 0, examples: [] };
      entry.count++;
      if (entry.examples.length < mostExamples) entry.examples.push(key);
      left.set(reason, entry);
    }
    if (record === undefined) continue;
    records.push(record);
    bytes += recordBytes + record.key.length + (record.value?.length ?? 0);
    if (bytes > limit) throw tooLarge(address, limit);
  }
  records.sort((one, other) => Buffer.compare(one.key, other.key));
  const twice = records.find((record, index) => records[index - 1]?.key.equals(record.key));
  if (twice !== undefined) {
    const key = JSON.stringify(twice.key.toString());
    throw new HoldfastError(
      'FileRefused',
      `${address} has the key ${key} twice; which one counts, nobody can tell.`,
    );
  }
  return { records, leftOut: [...left].map(([reason, entry]) => ({ reason, ...entry })) };
}

function tooLarge(address: string, limit: number): HoldfastError {
  return new HoldfastError(
    'FileRefused',
    `${address} holds more than can be imported in one piece: keys and values, with ${recordBytes} bytes for each ` +
      `key, may have ${limit} bytes. Split it by prefixes.`,
  );
}
