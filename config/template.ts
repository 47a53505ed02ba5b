/**
 * `${NAME}` and `${NAME:-default}` in text, with the rules of envplate, which platforms use for their templates:
 * a variable that is set but empty gives the empty text (the default is not used, unlike in a shell);
 * a default ends at the first `}`; `$NAME` stays as it is; an odd number of backslashes before `${` makes it
 * literal, and of n backslashes, n/2 (rounded down) stay.
 */
const pattern = /(\\*)\$\{([^\n]+?)(?::-([^\n]*?))?\}/g;

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Expansion {
  /** Variables without value and default are left in it as they stood. */
  readonly text: string;
  /** True where a variable (or its default) took the place of a template. */
  readonly expanded: boolean;
  /** Names of the variables that have neither a value nor a default, each once. */
  readonly unset: readonly string[];
  /** Names of the variables without a value whose default was taken, each once. */
  readonly defaulted: readonly string[];
}

/** What comes out of a variable is never looked at again, so a value cannot bring templates in. */
export function expand(text: string, variables: Variables): Expansion {
  const unset = new Set<string>();
  const defaulted = new Set<string>();
  let expanded = false;
  const result = text.replace(
    pattern,
    (whole: string, backslashes: string, name: string, fallback: string | undefined) => {
      const kept = backslashes.slice(0, Math.floor(backslashes.length / 2));
      if (backslashes.length % 2 === 1) return kept + whole.slice(backslashes.length);
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined && fallback === undefined) {
        unset.add(name);
        return whole;
      }
      if (value === undefined) defaulted.add(name);
      expanded = true;
      return kept + (value ?? fallback ?? '');
    },
  );
  return { text: result, expanded, unset: [...unset], defaulted: [...defaulted] };
}
