import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';

/** The name that an index or a data stream gets. @throws BadRequest where that can be none */
export function renamed(index: string, { into }: IndexWish): string {
  if (!('pattern' in into)) return index;
  const target = index.replace(patternOf(into.pattern), into.replacement);
  const problem = targetProblem(target);
  if (problem === undefined) return target;
  throw new HoldfastError(
    'BadRequest',
    `${index} would be restored as ${JSON.stringify(target)}, which ${problem}.`,
  );
}

/** The name that the servers give a backing index where its data stream is restored: what marks it stays in front. */
export function renamedBacking(index: string, wish: IndexWish): string {
  const mark = /^\.[df]s-/.exec(index)?.[0] ?? '';
  return mark + renamed(index.slice(mark.length), wish);
}

function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'g');
  } catch (cause) {
    const why = Error.isError(cause) ? cause.message : String(cause);
    throw new HoldfastError('BadRequest', `The rename pattern is no regular expression: ${why}`, { cause });
  }
}

function targetProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > 255) return 'is longer than 255 bytes';
  if (name === '' || /^[-_+]|^\.\.?$/.test(name)) return 'is no name of an index';
  if (name !== name.toLowerCase()) return 'has capital letters';
  const bad = /[\s"*\\<|>,/?#:]/.exec(name)?.[0];
  return bad === undefined ? undefined : `holds ${JSON.stringify(bad)}`;
}
