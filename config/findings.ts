import type { z } from 'zod';
import type { Path } from './document.ts';
import type { Finding } from './finding.ts';
import { nearest } from './nearest.ts';
import { namesAt } from './schema-names.ts';
import { pathKey, type Template, valueAt } from './settings.ts';

export interface Judged {
  readonly data: unknown;
  readonly templates: ReadonlyMap<string, Template>;
}

type Issue = z.core.$ZodIssue;

/** Says what an issue of the schema means to the person who wrote the file. */
export function findingsOf(issue: Issue, judged: Judged, parent: Path = []): Finding[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(path);
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', text: unknownSetting(key, known) }));
  }
  if (issue.code === 'invalid_union') {
    // Of several forms, the one is meant whose kind (text, mapping) was given.
    const meant = issue.errors.filter((inner) => !inner.some(isAnotherKind));
    const [only] = meant;
    if (meant.length === 1 && only !== undefined) {
      return only.flatMap((inner) => findingsOf(inner, judged, path));
    }
  }
  const value = valueAt(judged.data, path);
  const mapping = issue.code === 'invalid_type' && ['object', 'record', 'array'].includes(issue.expected);
  const found = describeFound(value, path, judged.templates, mapping);
  return [{ path, at: 'value', text: `${found}; expected ${issue.message}${hint(issue, value)}` }];
}

function hint(issue: Issue, value: unknown): string {
  if (typeof value === 'string') {
    const meant = nearest(value, choicesOf(issue));
    return meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  }
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  const textWanted = issue.code === 'invalid_type' && issue.expected === 'string';
  return scalar && textWanted ? '; put it in quotes to make it text' : '';
}

function choicesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const choices: unknown = issue.code === 'custom' ? issue.params?.['choices'] : undefined;
  return Array.isArray(choices) ? choices.map(String) : [];
}

/** Expectations that the schema does not word itself. */
export function expectation(issue: {
  readonly code?: string;
  readonly expected?: unknown;
  readonly values?: unknown;
}): string {
  if (Array.isArray(issue.values)) return issue.values.map((value) => `\`${String(value)}\``).join(' or ');
  if (issue.expected === 'array') return 'a list';
  if (issue.expected === 'object' || issue.expected === 'record')
    return 'a mapping (lines `name: value` below it)';
  return 'something else';
}

function isAnotherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function unknownSetting(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `unknown setting; did you mean \`${meant}\`?`;
  return `unknown setting; expected one of ${known.map((name) => `\`${name}\``).join(', ')}`;
}

const secrets = new Set<string | number>(['access_key_id', 'secret_access_key', 'session_token', 'token']);

/**
 * What was found, without ever showing a secret: not the value of a secret setting, not what a variable holds,
 * not text that looks like a key or an address with a password, not text where a mapping should be.
 */
export function describeFound(
  value: unknown,
  path: Path,
  templates: ReadonlyMap<string, Template>,
  mappingExpected = false,
): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'found nothing';
  if (Array.isArray(value)) return 'found a list';
  if (typeof value === 'object') return 'found a mapping';
  if (value === '') return 'found empty text';
  const secret = secrets.has(path.at(-1) ?? '');
  const raw = templates.get(pathKey(path))?.raw;
  if (secret || mappingExpected || (typeof value === 'string' && /@|AGE-SECRET-KEY/i.test(raw ?? value))) {
    return typeof value === 'string' ? 'found text that is not shown' : `found a ${typeof value}`;
  }
  return raw === undefined ? `found ${shortened(value)}` : `found what ${shortened(raw)} stands for`;
}

function shortened(value: unknown): string {
  return JSON.stringify(typeof value === 'string' && value.length > 60 ? `${value.slice(0, 57)}...` : value);
}
