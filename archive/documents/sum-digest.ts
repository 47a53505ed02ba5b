import { hash } from 'node:crypto';

/** A digest of things in any order: the sum of their SHA-256, modulo 2^256. */
export interface SumDigest {
  add(bytes: Buffer): void;
  /** 64 digits. */
  hex(): string;
}

const words = 8;

export function createSumDigest(): SumDigest {
  /** The most significant first, as the bytes of a SHA-256 are written. */
  const sum = new Uint32Array(words);
  return {
    add(bytes) {
      // A string is what Node makes fastest of a digest.
      const digest = hash('sha256', bytes, 'binary');
      let carry = 0;
      for (let word = words - 1; word >= 0; word--) {
        const total = (sum[word] ?? 0) + wordAt(digest, 4 * word) + carry;
        sum[word] = total;
        carry = total > 0xffff_ffff ? 1 : 0;
      }
    },
    hex: () => Array.from(sum, (word) => word.toString(16).padStart(8, '0')).join(''),
  };
}

function wordAt(digest: string, at: number): number {
  const high = (digest.charCodeAt(at) << 8) | digest.charCodeAt(at + 1);
  return high * 0x1_0000 + ((digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3));
}
