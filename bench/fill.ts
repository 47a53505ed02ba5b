import type { KeyStore, Write } from '../stores/store.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { sizeOf } from './tree.ts';

/** What was put into a store. */
export interface Filled {
  readonly keys: number;
  /** Of keys and values. */
  readonly bytes: number;
}

/** Fills an empty store, and closes it. @throws where it did not take every key */
export async function fillStore(store: KeyStore, batches: Iterable<readonly KeyRecord[]>): Promise<Filled> {
  let [keys, bytes, done] = [0, 0, 0];
  async function* writes(): AsyncGenerator<readonly Write[]> {
    for (const batch of batches) {
      yield await Promise.resolve(batch.map((record): Write => ({ op: 'set', record, seen: '0' })));
      keys += batch.length;
      bytes += batch.reduce((sum, record) => sum + sizeOf(record), 0);
    }
  }
  try {
    await store.write(writes(), {
      signal: new AbortController().signal,
      onOutcome: (_write, outcome) => {
        if (outcome === 'done') done++;
      },
    });
  } finally {
    await store.close();
  }
  if (done !== keys) throw new Error(`${store.kind} took ${done} of ${keys} keys.`);
  return { keys, bytes };
}
