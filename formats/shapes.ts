import { z } from 'zod';
import type { Refuse } from './format.ts';

/** The parts that the rows of several formats have in common. */

/** Text that has bytes: a lone surrogate has none, and would become U+FFFD without a word. */
export const text = z
  .string({ error: 'expected text' })
  .refine((value) => value.isWellFormed(), { error: 'expected Unicode text' });

export const uint64 = z
  .bigint({ error: 'expected a whole number' })
  .min(0n, { error: 'expected a number of at least 0' })
  .max(2n ** 64n - 1n, { error: 'expected a number of at most 2^64-1' })
  .transform(String);

export const base64 = z.string({ error: 'expected base64' }).transform((value, context) => {
  const bytes = Buffer.from(value, 'base64');
  // Node passes over what is not base64.
  if (bytes.toString('base64') !== value) context.addIssue({ code: 'custom', message: 'expected base64' });
  return bytes;
});

/** The row in its shape, or an error that names what is wrong in it. */
export function shaped<T>(shape: z.ZodType<T>, row: unknown, refuse: Refuse): T {
  const result = shape.safeParse(row);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw refuse(`is not as the format has it (${problems.join('; ')})`);
}

/**
 * Programs in Go write `\\ufffd`, with the backslash, for bytes that are no text, and the character itself where it
 * stood there. So it can be told whether something was lost when the file was made.
 */
export function hasLost(source: string, decoded: string): boolean {
  return decoded.includes('\ufffd') && /(?:^|[^\\])(?:\\\\)*\\ufffd/.test(source);
}
