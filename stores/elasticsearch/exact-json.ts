import { createHash } from 'node:crypto';

/** What JSON.parse tells its reviver of a number, and how it is written back: newer than TypeScript's own types. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const exact = JSON as unknown as ExactJson;

/** Parses JSON so that writing it gives the digits again that were read: longs reach 2^63, doubles have no shortest form. */
export function parseExactly(text: string): unknown {
  return exact.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exact.rawJSON(source) : value,
  );
}

/** SHA-256 (hex) of a value that `parseExactly` gave, whatever its white space was. */
export function digestOfJson(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
