import type { JobConfig } from '../../config/config.ts';
import { seenIndex, type Write } from '../../stores/store.ts';
import type { RecordBatches } from '../../workflows/contract/record.ts';
import { openStore } from '../open.ts';

/** Removes keys under a prefix. What somebody else writes there at the same moment stays. */
export async function removeKeys(
  job: Pick<JobConfig, 'name' | 'store'>,
  prefix: string,
  which: (rest: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const start = Buffer.byteLength(prefix);
  async function* deletions(records: RecordBatches): AsyncGenerator<readonly Write[]> {
    for await (const batch of records) {
      const wanted = batch.filter(({ key }) => which(key.toString('utf8', start)));
      // What is read is gone when the next batch comes.
      yield wanted.map((record) => ({ op: 'delete', key: Buffer.from(record.key), seen: seenIndex(record) }));
    }
  }
  const store = openStore(job);
  try {
    const { records } = await store.read({ prefix }, signal);
    await store.write(deletions(records), { signal, onOutcome: () => undefined });
  } finally {
    await store.close();
  }
}
