import { checkTogether } from './checks.ts';
import type { Finding } from './finding.ts';
import { expectation, findingsOf, type Judged } from './findings.ts';
import { configSchema, type CheckedConfig } from './schema.ts';
import { pathKey, replaceAt, valueAt } from './settings.ts';

export type Verdict =
  | { readonly checked: CheckedConfig; readonly findings: readonly [] }
  | { readonly checked?: undefined; readonly findings: readonly Finding[] };

/**
 * Holds the settings against the schema. Text that came from a template becomes a number or `true`/`false` where
 * the schema wants one; where its variable is unset, such a setting falls back to its default.
 */
export function judge(settings: Judged): Verdict {
  let { data } = settings;
  const adaptable = new Map(settings.templates);
  for (;;) {
    const result = configSchema.safeParse(data, { error: expectation });
    const together = checkTogether({ ...settings, data });
    if (result.success && together.length === 0) return { checked: result.data, findings: [] };
    const issues = result.error?.issues ?? [];
    const before = adaptable.size;
    for (const issue of issues) {
      const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
      const template = adaptable.get(pathKey(path));
      if (template === undefined) continue;
      const wanted = issue.code === 'invalid_type' ? issue.expected : '';
      const value = template.unset.length > 0 ? undefined : converted(valueAt(data, path), wanted);
      if (value === undefined && template.unset.length === 0) continue;
      adaptable.delete(pathKey(path));
      data = replaceAt(data, path, value);
    }
    if (adaptable.size < before) continue;
    return {
      findings: [...issues.flatMap((issue) => findingsOf(issue, { ...settings, data })), ...together],
    };
  }
}

function converted(value: unknown, wanted: string): number | boolean | undefined {
  if (typeof value !== 'string') return undefined;
  if (wanted === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  if ((wanted === 'int' || wanted === 'number') && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  return undefined;
}
