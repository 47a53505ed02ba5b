import type { Path } from './document.ts';
import { keptMark } from './formats.ts';
import { expand, type Variables } from './template.ts';

/** A text setting that held a template. */
export interface Template {
  /** As it stands in the file; unlike its value, it may be shown. */
  readonly raw: string;
  /** Variables without value or default. */
  readonly unset: readonly string[];
}

export interface ExpandedSettings {
  readonly data: unknown;
  /** By `pathKey`. */
  readonly templates: ReadonlyMap<string, Template>;
}

export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/**
 * Expands the templates in every text of the data. It works on parsed data, and a value always stays one text,
 * so what a variable holds cannot add or change settings. Text with unset variables stays, marked with `keptMark`.
 */
export function expandSettings(data: unknown, variables: Variables): ExpandedSettings {
  const templates = new Map<string, Template>();
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') {
      const { text, expanded, unset } = expand(value, variables);
      if (expanded || unset.length > 0) templates.set(pathKey(path), { raw: value, unset });
      return unset.length > 0 ? keptMark + value : text;
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  return { data: visit(data, []), templates };
}

/** Takes the marks off again. */
export function withoutMarks<T>(value: T): T {
  const visit = (item: unknown): unknown => {
    if (typeof item === 'string') return item.startsWith(keptMark) ? item.slice(keptMark.length) : item;
    if (Array.isArray(item)) return item.map(visit);
    if (!isMapping(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(value) as T;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, `undefined` where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (Array.isArray(value)) value = (value as unknown[])[Number(part)];
    else if (isMapping(value) && Object.hasOwn(value, part)) value = value[part];
    else return undefined;
  }
  return value;
}

/** The data with another value at a path that exists; `undefined` takes the setting away. */
export function replaceAt(data: unknown, path: Path, replacement: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return replacement;
  if (Array.isArray(data)) {
    return data.map((item: unknown, index) => (index === part ? replaceAt(item, rest, replacement) : item));
  }
  if (!isMapping(data)) return data;
  const entries = Object.entries(data).map(([key, item]): [string, unknown] => [
    key,
    key === part ? replaceAt(item, rest, replacement) : item,
  ]);
  return Object.fromEntries(entries.filter(([key, item]) => !(key === part && item === undefined)));
}
