import { expand, type Variables } from '../../config/template.ts';

/** A file with its templates filled in, or why that cannot be. */
export interface Rendered {
  readonly bytes: Buffer;
  /** For people, each about one variable; where there are any, `bytes` are of no use. */
  readonly problems: readonly string[];
}

/**
 * Fills in `${NAME}` and `${NAME:-default}`, by the rules of config/template.ts. All other bytes stay as they are,
 * also those that are no text.
 *
 * @param strict a default that would be taken is a problem
 */
export function render(template: Buffer, variables: Variables, strict: boolean): Rendered {
  // Latin-1 has one character for each byte: nothing is decoded, so nothing can be lost.
  const { text, unset, defaulted } = expand(template.toString('latin1'), asLatin1(variables));
  const problems = unset.map((name) => `the variable ${utf8(name)} is not set and has no default`);
  if (strict) {
    problems.push(
      ...defaulted.map((name) => `the variable ${utf8(name)} is not set, and --strict takes no default`),
    );
  }
  return { bytes: Buffer.from(text, 'latin1'), problems };
}

function asLatin1(variables: Variables): Variables {
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [latin1(name), value && latin1(value)]),
  );
}

function utf8(name: string): string {
  return Buffer.from(name, 'latin1').toString();
}
