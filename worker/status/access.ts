import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { StatusSettings } from '../../config/config.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/** Whether a request with this `Authorization` may see the jobs. */
export type Access = (authorization: string | undefined) => boolean;

/** @throws ConfigInvalid where the file of the token cannot be used */
export async function createAccess({ token, tokenFile }: StatusSettings): Promise<Access> {
  const wanted = tokenFile === undefined ? token : await readToken(tokenFile);
  if (wanted === undefined) return () => true;
  const digest = digestOf(wanted);
  return (authorization) => {
    const given = givenToken(authorization);
    // Digests have one length, so the comparison takes the same time whatever was given.
    return given !== undefined && timingSafeEqual(digestOf(given), digest);
  };
}

/** `Bearer <token>`; or as a password of any user, which is how a browser asks for it. */
function givenToken(authorization = ''): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  return Buffer.from(value, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readToken(file: string): Promise<string> {
  const problem = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError(
      'ConfigInvalid',
      `worker.status.token_file: ${file} ${what}. It must hold the token alone, of at least 16 characters.`,
      { cause },
    );
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw problem('cannot be read', error);
  });
  const token = text.trim();
  if (token.length < 16) throw problem('holds less than 16 characters');
  return token;
}
