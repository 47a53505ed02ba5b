import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { OldFile } from './format.ts';

/**
 * The JSON in a file of consul-backinator: AES-256-OFB (key SHA-256 of the passphrase, no random start) over gzip.
 * Ends only where the signature in `<file>.sig`, an HMAC of the JSON, is right; until then nothing is proven. The same
 * key stream serves every file, so this is only read, never written.
 *
 * @throws FileRefused
 */
export async function* openBackinator(file: OldFile, passphrase: string): AsyncGenerator<Buffer> {
  const wanted = await signatureOf(file);
  const key = createHash('sha256').update(passphrase).digest();
  const hmac = createHmac('sha256', key);
  const gunzip = createGunzip();
  pipeline(Readable.from(decrypted(file, key)), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      hmac.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    if (!isGzipError(cause)) throw cause;
    throw new HoldfastError(
      'FileRefused',
      `The passphrase does not open ${file.address}, or it is damaged.`,
      {
        cause,
      },
    );
  }
  const found = hmac.digest();
  if (wanted.length !== found.length || !timingSafeEqual(wanted, found))
    throw new HoldfastError('FileRefused', `${file.address} is not what ${file.address}.sig was made for.`);
}

async function* decrypted(file: OldFile, key: Buffer): AsyncGenerator<Buffer> {
  const decipher = createDecipheriv('aes-256-ofb', key, Buffer.alloc(16));
  for await (const chunk of file.read()) yield decipher.update(chunk);
}

async function signatureOf(file: OldFile): Promise<Buffer> {
  const found = (await file.beside('.sig'))?.toString('latin1').trim();
  if (found === undefined)
    throw new HoldfastError(
      'FileRefused',
      `${file.address}.sig is not there; without it, nothing is proven.`,
    );
  if (isSignature(found)) return Buffer.from(found, 'base64');
  throw new HoldfastError('FileRefused', `${file.address}.sig is no signature of consul-backinator.`);
}

/** 32 bytes in base64. */
export function isSignature(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text);
}

function isGzipError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_');
}
