import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/**
 * The files that names and patterns mean, each once, whichever link or pattern names it.
 *
 * Patterns are those of Go's filepath.Glob, which envplate has: `*` and `?` within one part of a path (also at the
 * start of a hidden name), `[a-z]`, `[^a-z]`, and `\` before a character that is meant as it is. What exists under
 * the very name is meant, whatever characters are in it. Folders and what is no file are passed over.
 *
 * @throws TemplateFailed where a name without a pattern is not there, and where nothing is left
 */
export async function filesOf(names: readonly string[]): Promise<readonly string[]> {
  const files = new Map<string, string>();
  for (const name of names) {
    for (const path of await meantBy(name)) {
      const real = await realpath(path);
      if ((await stat(real)).isFile() && !files.has(real)) files.set(real, path);
    }
  }
  if (files.size > 0) return [...files.values()];
  throw new HoldfastError('TemplateFailed', `No file is meant by ${names.join(' ')}.`);
}

async function meantBy(name: string): Promise<readonly string[]> {
  if (await exists(name)) return [name];
  if (isPattern(name)) return matches(name);
  throw new HoldfastError('TemplateFailed', `There is no file ${name}.`);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function isPattern(name: string): boolean {
  return /[*?[\\]/.test(name);
}

async function matches(pattern: string): Promise<readonly string[]> {
  if (!isPattern(pattern)) return (await exists(pattern)) ? [pattern] : [];
  const parent = dirname(pattern);
  const wanted = expressionOf(basename(pattern));
  const found: string[] = [];
  for (const folder of await matches(parent)) {
    // As Go's: a folder that cannot be read has no matches.
    const entries = await readdir(folder).catch(() => []);
    found.push(
      ...entries
        .filter((entry) => wanted.test(entry))
        .sort()
        .map((entry) => join(folder, entry)),
    );
  }
  return found;
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(
    /\\(.)|(\*+)|(\?)|(\[\^?(?:\\.|[^\]\\])+\])|[^]/gu,
    (character, escaped?: string, stars?: string, one?: string, list?: string) => {
      if (stars !== undefined) return '.*';
      if (one !== undefined) return '.';
      return list ?? (escaped ?? character).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    },
  );
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch (cause) {
    throw new HoldfastError('TemplateFailed', `${pattern} is no pattern of file names.`, { cause });
  }
}
