/** An index as it is made again. The three JSON texts are the server's own, each on one line. */
export interface IndexDefinition {
  /** The name of the index; of a data stream, the stream's. */
  readonly index: string;
  readonly kind: 'index' | 'data stream';
  readonly mappings: string;
  readonly settings: string;
  readonly aliases: string;
}

/** One document: what a store reads, an archive keeps, a restore writes. */
export interface IndexDocument {
  readonly id: string;
  readonly routing: string | undefined;
  /** A decimal string: it reaches 2^63-1. */
  readonly version: string;
  /** The very bytes that were indexed. They are never parsed: longs beyond 2^53, `1.0` and spaces stay as they are. */
  readonly source: Buffer;
  /** Whether these bytes are strict JSON in UTF-8 on one line, as nearly all are; comments and line feeds occur. */
  readonly oneLine: boolean;
}

/** Documents of one index; those of several indices come in any order. */
export interface DocumentBatch {
  readonly index: string;
  readonly documents: readonly IndexDocument[];
}

/** Batches of a few megabytes at most, where documents are not larger themselves. */
export type DocumentBatches = AsyncIterable<DocumentBatch>;

/** What an index holds, whatever the order. */
export interface IndexContent {
  readonly index: string;
  readonly documents: number;
  /** Of their sources. */
  readonly bytes: number;
  /** archive/FORMAT.md, "Digest of an index": 64 hex digits. */
  readonly digest: string;
}
