/**
 * One key of a store at one moment: what a store reads, an archive keeps, a restore writes.
 *
 * `key` and `value` are the exact bytes. `attributes` are the other things a restore brings back
 * (Consul: `flags`); `meta` is what only informs or guards a write (Consul: `createIndex`,
 * `modifyIndex`, `lockIndex`, `session`). Numbers are decimal strings: they reach 2^64-1.
 */
export interface KeyRecord {
  readonly key: Buffer;
  /** `null` where the store says null; Consul shows an empty value so. */
  readonly value: Buffer | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
}

/**
 * Records travel in batches of a few hundred kilobytes, in ascending bytewise order of key, no key twice. What is to be
 * kept longer than until the next batch is asked for is copied, but where the source says that it need not be.
 */
export type RecordBatches = AsyncIterable<readonly KeyRecord[]>;
