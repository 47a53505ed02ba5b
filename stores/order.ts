import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';

/** Merges rely on the order of what a store gives; it also proves that no key comes twice. Takes a batch at a time. */
export function createOrderCheck(source: string): (records: readonly KeyRecord[]) => void {
  let previous: Buffer | undefined;
  return (records) => {
    for (const { key } of records) {
      if (previous !== undefined && Buffer.compare(previous, key) >= 0) {
        const names = `${JSON.stringify(previous.toString())} and ${JSON.stringify(key.toString())}`;
        throw new HoldfastError('StreamBroken', `${source} gives keys out of order: ${names}.`);
      }
      previous = key;
    }
    // The memory of a batch is freed before the next one comes.
    previous &&= Buffer.from(previous);
  };
}
