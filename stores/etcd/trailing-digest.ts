import { createHash } from 'node:crypto';

/** Checks a file as `etcdctl snapshot save` writes it: a database, and its SHA-256 in the last 32 bytes. */
export interface TrailingDigest {
  take(bytes: Buffer): void;
  /** After the last bytes: what is wrong, as the end of a sentence; undefined where nothing is. */
  problem(): string | undefined;
  /** SHA-256 (hex) of all that was taken, with the last 32 bytes. */
  sha256(): string;
}

const digestBytes = 32;
/** The smallest page; etcd's own test of a file is this one. */
const sector = 512;

export function createTrailingDigest(): TrailingDigest {
  const hash = createHash('sha256');
  let last = Buffer.alloc(0);
  let length = 0;
  return {
    take(bytes) {
      length += bytes.length;
      const all = bytes.length >= digestBytes ? bytes : Buffer.concat([last, bytes]);
      if (all === bytes) hash.update(last);
      hash.update(all.subarray(0, -digestBytes));
      // A copy: it must not keep the whole piece in memory, nor change with it.
      last = Buffer.from(all.subarray(-digestBytes));
    },
    problem() {
      if (length % sector !== digestBytes)
        return `has ${length} bytes, which is no size of an etcd snapshot with its SHA-256`;
      const found = hash.copy().digest('hex');
      if (found === last.toString('hex')) return undefined;
      return `holds a database with the SHA-256 ${found}, and etcd gave ${last.toString('hex')}`;
    },
    sha256: () => hash.copy().update(last).digest('hex'),
  };
}
