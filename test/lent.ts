import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';

/**
 * Batches as a store may give them: the memory of each is freed when the next one is asked for, and its keys and values
 * are empty for whoever reads them later.
 */
export async function* lent(batches: RecordBatches): RecordBatches {
  for await (const batch of batches) {
    const memories: Buffer<ArrayBuffer>[] = [];
    const copy = (bytes: Buffer): Buffer => {
      const memory = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(memory);
      memories.push(memory);
      return memory;
    };
    yield batch.map((record) => ({
      ...record,
      key: copy(record.key),
      value: record.value && copy(record.value),
    }));
    for (const { buffer } of memories) buffer.transfer(0);
  }
}

/** Records that may be kept. */
export function kept(batch: readonly KeyRecord[]): readonly KeyRecord[] {
  return batch.map((record) => ({
    ...record,
    key: Buffer.from(record.key),
    value: record.value && Buffer.from(record.value),
  }));
}
