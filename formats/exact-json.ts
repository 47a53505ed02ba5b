import { isUtf8 } from 'node:buffer';

/**
 * Parses JSON without loss: whole numbers come as bigint, since flags reach 2^64-1; text that is not UTF-8 is refused.
 *
 * @throws SyntaxError
 */
export function parseExactly(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new SyntaxError('not UTF-8');
  return JSON.parse(bytes.toString(), exactNumber);
}

/** Node gives a third argument, the number as it was written, which TypeScript does not know yet. */
function exactNumber(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
