import { hkdfSync, randomBytes } from 'node:crypto';
import { Decrypter, Encrypter } from 'age-encryption';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Refusal } from '../refusal.ts';

/** A larger header is refused; with ordinary recipients this is room for hundreds. */
export const maxHeaderBytes = 64 * 1024;

const nonceBytes = 16;

/** An opened header: what the chunks behind it are encrypted with, and where they start. */
export interface AgeHeader {
  readonly payloadKey: Buffer;
  readonly payloadStart: number;
}

/** The header and nonce that begin an age file, and the key of its payload. */
export async function sealHeader(
  recipients: readonly string[],
): Promise<{ readonly bytes: Buffer; readonly payloadKey: Buffer }> {
  let fileKey: Buffer | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) addRecipient(encrypter, recipient);
  // The package makes the file key and keeps it; a recipient without a stanza of its own sees it pass.
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = Buffer.from(key);
      return [];
    },
  });
  const empty = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  if (fileKey === undefined) throw new HoldfastError('Defect', 'age-encryption wrapped no file key.');
  const header = empty.subarray(0, headerLength(empty));
  const nonce = randomBytes(nonceBytes);
  return { bytes: Buffer.concat([header, nonce]), payloadKey: payloadKeyOf(fileKey, nonce) };
}

/**
 * Opens the header at the start of an age file. Gives `undefined` where none of the identities fits: a wrong
 * identity and a damaged stanza look the same here.
 */
export async function openHeader(
  start: Buffer,
  identities: readonly string[],
  refuse: Refusal,
): Promise<AgeHeader | undefined> {
  const length = headerLength(start);
  const nonce = start.subarray(length, length + nonceBytes);
  if (length === 0 || nonce.length < nonceBytes) throw refuse('does not begin with an age header');
  const decrypter = decrypterFor(identities);
  let fileKey: Uint8Array;
  try {
    fileKey = await decrypter.decryptHeader(start.subarray(0, length));
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('no identity matched')) return undefined;
    throw refuse('has a damaged age header', cause);
  }
  return { payloadKey: payloadKeyOf(fileKey, nonce), payloadStart: length + nonceBytes };
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new HoldfastError('ConfigInvalid', `"${recipient}" is not an age recipient (age1…).`, { cause });
  }
}

function decrypterFor(identities: readonly string[]): Decrypter {
  const decrypter = new Decrypter();
  for (const [index, identity] of identities.entries()) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      // No cause: the package's message can quote the secret.
      throw new HoldfastError(
        'ConfigInvalid',
        `Age identity ${index + 1} of ${identities.length} is not valid: it must be one line AGE-SECRET-KEY-1….`,
      );
    }
  }
  return decrypter;
}

/** Bytes of the textual header: up to and with the line `--- MAC`. 0 where there is none. */
function headerLength(start: Buffer): number {
  const macLine = start.indexOf('\n--- ');
  return macLine < 0 ? 0 : start.indexOf('\n', macLine + 1) + 1;
}

function payloadKeyOf(fileKey: Uint8Array, nonce: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}
