import { crc32 } from 'node:zlib';
import type { S3Settings } from '../settings.ts';

/**
 * The checksum of a body, as the fields of a request. The server refuses a body that arrives differently.
 *
 * Every byte is hashed once. Over TLS that is CRC-32, and TLS protects the body. Over plain HTTP it is SHA-256,
 * which serves as checksum and as the signed hash of the body. Where the server refuses checksums it is the signed
 * hash alone, which every S3 server checks; the SDK computes that one.
 */
export interface Checksum {
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
}

export type ChecksumAlgorithm = 'CRC32' | 'SHA256' | undefined;

export function chooseChecksum(settings: S3Settings): ChecksumAlgorithm {
  if (settings.checksums === 'when-required') return undefined;
  return settings.endpoint?.startsWith('http:') ? 'SHA256' : 'CRC32';
}

export async function checksumOf(
  algorithm: ChecksumAlgorithm,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Checksum> {
  switch (algorithm) {
    case 'CRC32': {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(bytes));
      return { ChecksumCRC32: sum.toString('base64') };
    }
    case 'SHA256': {
      // Hashed in the thread pool: this thread has the next part to fill.
      const sum = await crypto.subtle.digest('SHA-256', bytes);
      return { ChecksumSHA256: Buffer.from(sum).toString('base64') };
    }
    case undefined:
      return {};
  }
}

/** Whether an answer repeats the checksum of what was sent; servers that do not know checksums repeat none. */
export function confirms(answer: Checksum, sent: Checksum): boolean {
  return (
    (answer.ChecksumCRC32 ?? sent.ChecksumCRC32) === sent.ChecksumCRC32 &&
    (answer.ChecksumSHA256 ?? sent.ChecksumSHA256) === sent.ChecksumSHA256
  );
}
