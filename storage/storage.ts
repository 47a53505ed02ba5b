/**
 * Where backups are kept: named objects, each written whole or not at all.
 *
 * Names are relative to the storage's prefix or directory, with `/` between parts, made of `[A-Za-z0-9._-]` parts.
 * Every method throws a `HoldfastError` that names the full address of the object. Passing errors are retried
 * inside, with back-off, before they are thrown. test/storage/conformance.ts holds every implementation to this.
 */
export interface Storage {
  /** For people: `s3://bucket/prefix`, `file:///var/backups`. */
  readonly address: string;

  /**
   * Stores a stream of unknown length as one object; it becomes visible whole, at the end, or never.
   * Bytes are checked on their way (per-part checksums). An error, or an abort of the signal, leaves nothing behind.
   * With `ifAbsent`, an object that is there already is left alone and `BackupExists` is thrown, also when it
   * appeared during the upload; without it the object is replaced.
   */
  put(name: string, body: AsyncIterable<Buffer>, options: PutOptions): Promise<{ readonly bytes: number }>;

  /** Stores a small object unless one of that name is there: exactly one of several callers gets `true`. */
  putOnce(name: string, body: Buffer, signal?: AbortSignal): Promise<boolean>;

  /**
   * The bytes of an object from `start` (default 0) to before `end` (default its end), in order. Ends only after
   * exactly that many bytes, otherwise throws; a broken connection is resumed where it broke.
   *
   * @throws ObjectMissing
   */
  get(name: string, options?: GetOptions): AsyncIterable<Buffer>;

  /** Size and time of an object, or `undefined` where there is none. */
  head(name: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>;

  /** Every object whose name starts with `prefix`, in ascending order of name. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo>;

  /** The distinct next parts below a folder (`''` or `a/b/`), in ascending order: its folders, without `/`. */
  folders(folder: string, signal?: AbortSignal): AsyncIterable<string>;

  /** Deletes objects; one that is not there is no error. */
  remove(names: readonly string[], signal?: AbortSignal): Promise<void>;

  /**
   * Ends uploads under the prefix that never completed (a killed worker's) and frees their parts; gives how many.
   * With `startedBefore`, only those begun before that time. An upload that is ended so can complete no more: its
   * `put` fails.
   */
  abortUploads(prefix: string, signal?: AbortSignal, startedBefore?: Date): Promise<number>;

  close(): Promise<void>;
}

export interface PutOptions {
  readonly signal: AbortSignal;
  readonly ifAbsent?: boolean;
}

export interface GetOptions {
  readonly start?: number;
  readonly end?: number;
  readonly signal?: AbortSignal;
}

export interface ObjectInfo {
  readonly name: string;
  readonly bytes: number;
  readonly modified: Date;
}
