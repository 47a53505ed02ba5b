import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { buildConfig } from './build.ts';
import type { Config } from './config.ts';
import { type Path, parseSource } from './document.ts';
import type { Finding } from './finding.ts';
import { judge } from './judge.ts';
import { configInvalid, type Mistake } from './mistake.ts';
import { type ExpandedSettings, expandSettings, pathKey, withoutMarks } from './settings.ts';
import type { Variables } from './template.ts';

export interface LoadOptions {
  readonly env: Variables;
  /**
   * Where a `${VARIABLE}` that has neither a value nor a default is a mistake: everywhere (`fail`), or not in the
   * settings that only a worker needs (`keep`: its own, storages, stores, encryption), or not in its own, stores and
   * encryption (`keep-in-stores`, for reading backups), or not in its own and stores (`keep-but-encrypt`, for
   * importing). Elsewhere the text stays as it is. So commands need no secrets that they do not use.
   */
  readonly unset: 'fail' | 'keep' | 'keep-in-stores' | 'keep-but-encrypt';
}

/**
 * Reads, expands and checks a configuration.
 *
 * @throws ConfigInvalid with every mistake in the file (see `mistakesOf`), or where it cannot be read.
 */
export async function loadConfig(file: string, options: LoadOptions): Promise<Config> {
  return parseConfig(await readText(file), file, options);
}

/** The same for a text; `file` is its name in messages, and relative paths start at its folder. */
export function parseConfig(text: string, file: string, { env, unset }: LoadOptions): Config {
  const source = parseSource(text);
  if (source.faults.length > 0) {
    const mistakes = source.faults.map(({ place, message }) => ({
      ...{ file, ...place, path: '' },
      message: `${file}:${place.line}:${place.column}: ${message}`,
    }));
    throw configInvalid(file, mistakes);
  }
  const settings = expandSettings(source.data, env);
  const { checked, findings } = judge(settings);
  const missing = unsetVariables(settings).filter(({ path }) => matters(path, unset));
  const reported = new Set(missing.map(({ path }) => pathKey(path)));
  const all = [...missing, ...findings.filter(({ path }) => !reported.has(pathKey(path)))];
  if (checked === undefined || all.length > 0) {
    const mistakes = all.map((finding) => mistake(finding, file, source.place(finding.path, finding.at)));
    throw configInvalid(
      file,
      mistakes.sort((one, other) => one.line - other.line || one.column - other.column),
    );
  }
  return buildConfig(withoutMarks(checked), file, dirname(resolve(file)));
}

/** The file that `--config` names, else HOLDFAST_CONFIG, else ./holdfast.yaml. */
export function configFile(given: string | undefined, env: Variables): string {
  // An empty HOLDFAST_CONFIG, as container definitions leave it, means none.
  return given ?? (env['HOLDFAST_CONFIG'] || 'holdfast.yaml');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const what = why === 'ENOENT' ? 'there is no such file' : `it cannot be read (${why})`;
    const hint = 'name one with --config or HOLDFAST_CONFIG; holdfast.example.yaml shows what it looks like';
    throw new HoldfastError('ConfigInvalid', `configuration ${resolve(file)}: ${what}; ${hint}`, { cause });
  }
}

function matters([top, , setting]: Path, unset: LoadOptions['unset']): boolean {
  if (unset === 'fail') return true;
  if (top === 'worker') return false;
  if (top === 'storages') return unset !== 'keep';
  if (setting === 'encrypt' && unset === 'keep-but-encrypt') return true;
  return top !== 'jobs' || !['consul', 'etcd', 'encrypt', 'command', 'ecs'].includes(String(setting));
}

function unsetVariables({ templates }: ExpandedSettings): Finding[] {
  return [...templates].flatMap(([key, { unset }]) =>
    unset.map((name) => ({
      path: JSON.parse(key) as Path,
      at: 'value' as const,
      text: `uses the variable ${name}, which is not set; set it, or write a default: \${${name}:-…}`,
    })),
  );
}

function mistake(finding: Finding, file: string, place: { line: number; column: number }): Mistake {
  const path = finding.path.map((part, index) =>
    typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part}`,
  );
  const name = path.length === 0 ? '' : ` ${path.join('')}:`;
  return {
    ...{ file, ...place, path: path.join('') },
    message: `${file}:${place.line}:${place.column}:${name} ${finding.text}`,
  };
}
