import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../../workflows/contract/record.ts';
import { createFileCheck, type FileFacts, type FileListener } from './check.ts';
import { readKeyEntry } from './key-entry.ts';

/** What of a snapshot is read. */
export interface FileReading {
  /** Every key, as a `KeyStore` reads them. The file has been checked when they have ended. */
  readonly records: AsyncGenerator<readonly KeyRecord[], undefined>;
  /** Valid once `records` has ended. */
  readonly facts: () => FileFacts;
}

/**
 * Reads the keys of a snapshot of Consul out of its bytes.
 *
 * @param source for messages: an address
 * @throws ArchiveCorrupt, and BadRequest where keys are of other namespaces than the default one
 */
export function readFile(
  bytes: AsyncIterable<Buffer>,
  source: string,
  { onThing }: Pick<FileListener, 'onThing'> = {},
): FileReading {
  const refuse = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError('ArchiveCorrupt', `${source} ${what}.`, {
      ...(cause === undefined ? {} : { cause }),
      details: { address: source },
    });
  let facts: FileFacts | undefined;

  async function* records(): AsyncGenerator<readonly KeyRecord[], undefined> {
    let batch: KeyRecord[] = [];
    const onKey = (entry: Buffer): void => {
      const { record, tenancy } = readKeyEntry(entry);
      if (tenancy !== '') throw otherTenancy(source, record, tenancy);
      batch.push(record);
    };
    const check = createFileCheck({ onKey, ...(onThing && { onThing }) }, refuse);
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += mostAtOnce) {
        await check.take(chunk.subarray(at, at + mostAtOnce));
        if (batch.length === 0) continue;
        yield batch;
        batch = [];
      }
    }
    facts = await check.end();
    if (batch.length > 0) yield batch;
  }

  return {
    records: records(),
    facts: () => {
      if (facts === undefined) throw new HoldfastError('Defect', 'A snapshot was described before its end.');
      return facts;
    },
  };
}

/** Compressed bytes: what comes out of them is one batch. */
const mostAtOnce = 1 << 16;

function otherTenancy(source: string, { key }: KeyRecord, tenancy: string): HoldfastError {
  return new HoldfastError(
    'BadRequest',
    `${source} is of Consul Enterprise and holds keys outside of the default namespace, such as ` +
      `${JSON.stringify(key.toString())}${tenancy}. Such a snapshot is restored as a whole only.`,
  );
}
