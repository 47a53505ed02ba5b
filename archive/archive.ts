import type { Content, DataObject } from '../workflows/contract/manifest.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';

/**
 * The bytes between a store and a storage. FORMAT.md specifies them.
 *
 * records → lines (NDJSON) → independent zstd frames with a seek table → (age) → bytes
 */

/**
 * Reads bytes `start` to before `end` of one stored object; the whole where none is given. Throws where there are fewer.
 * What it gives is the reader's, who frees it.
 */
export type ByteSource = (range?: { readonly start: number; readonly end: number }) => AsyncIterable<Buffer>;

export interface WriteOptions {
  /** age recipients (`age1…`); none: not encrypted. */
  readonly recipients: readonly string[];
  /** The SHA-256 (hex) of all plain bytes, known at their end: for a source that hashes them anyway. */
  readonly plainSha256?: () => string;
}

/** What was written: known when the bytes have ended. */
export type Sealed = Pick<
  DataObject,
  'compression' | 'encryption' | 'plainBytes' | 'plainSha256' | 'storedBytes' | 'storedSha256'
>;

export interface Writing {
  /** A piece may be read until the next one is asked for: then its memory is freed. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Valid once `bytes` has ended. */
  readonly sealed: () => Sealed;
}

/** Writing of records also knows their content. */
export interface RecordWriting extends Writing {
  readonly content: () => Content;
}

export interface ReadOptions {
  /** age identities (`AGE-SECRET-KEY-1…`), tried in turn. */
  readonly identities: readonly string[];
  /** For messages: the object's full address. */
  readonly address: string;
  /** Reading stops soon after it aborts, by throwing its reason. */
  readonly signal?: AbortSignal;
}

export interface RecordReadOptions extends ReadOptions {
  /** What the manifest says; a difference is refused before the last batch is handed on. */
  readonly content?: Content;
  /** Frees keys and values when the next batch is asked for, instead of leaving them to be collected. */
  readonly lent?: boolean;
}

/** A stored object as far as its reader knows it: a `DataObject` has all, a stored plan only size and digest. */
export type StoredFacts = Pick<DataObject, 'compression' | 'encryption' | 'storedBytes'> &
  Partial<Pick<DataObject, 'plainBytes' | 'plainSha256' | 'storedSha256'>>;

/** Reading of records counts and digests while it goes. */
export interface RecordReading {
  readonly records: RecordBatches;
  /** Valid once `records` has ended. */
  readonly content: () => Content;
}
