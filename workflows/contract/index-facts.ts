/** What is known of one index of a snapshot: a line of the stored object `indices.ndjson`. */
export interface IndexFacts {
  readonly index: string;
  /** Absent where the index was deleted before anybody could look. */
  readonly uuid?: string;
  readonly state: 'open' | 'close';
  /** The data stream whose backing index it is, where the snapshot holds all of that. */
  readonly dataStream?: string;
  /** Searchable documents; absent where the index is closed, and cannot be asked. */
  readonly documents?: number;
  /** Of the primary shards, in bytes. */
  readonly bytes: number;
  readonly shards: number;
  /**
   * Nothing was written while the snapshot was taken, so that what is counted and sampled here is what the snapshot
   * holds. Shards are not cut at one instant: where this is false, the numbers only inform.
   */
  readonly settled: boolean;
  /** SHA-256 (hex) of the mappings. */
  readonly mappings?: string;
  /** Replicas, codec, lifecycle and the like, as the server shows them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Aliases with their definitions, as the server shows them. */
  readonly aliases: Readonly<Record<string, unknown>>;
  readonly samples: readonly SampledDocument[];
}

/** One document, to be compared after a restore. */
export interface SampledDocument {
  readonly id: string;
  readonly routing?: string;
  /** Changes with every write to the document; a restore keeps it. */
  readonly seqNo: number;
  /** SHA-256 (hex) of the source, with every digit of its numbers. */
  readonly digest: string;
}
