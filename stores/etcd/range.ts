/** Every key that starts with a prefix, as a range of etcd: from `key` to before `rangeEnd`. */
export interface Range {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** etcd has no empty key, and takes a zero byte as the end for "to the last one". */
const zero = Buffer.from([0]);

export function rangeOf(prefix: string): Range {
  const key = Buffer.from(prefix);
  if (key.length === 0) return { key: zero, rangeEnd: zero };
  // The last byte of UTF-8 is never 0xff, so there is always room for one more.
  const rangeEnd = Buffer.from(key);
  const last = rangeEnd.length - 1;
  rangeEnd[last] = (rangeEnd[last] ?? 0) + 1;
  return { key, rangeEnd };
}

/** What of a range comes after a key. */
export function rangeAfter(range: Range, key: Buffer): Range {
  return { key: Buffer.concat([key, zero]), rangeEnd: range.rangeEnd };
}
