import type { Notice } from '../workflows/contract/alarms.ts';
import type { Template } from './settings.ts';
import { headline, wholeText } from './words.ts';

/** What `{name}` in a template may stand for. */
export const placeholders = [
  ...(['event', 'level', 'job', 'problem', 'key', 'title', 'text', 'since'] as const),
];

type Values = Readonly<Record<(typeof placeholders)[number], string>>;

export function valuesOf(notice: Notice): Values {
  const { event, level, job = '', problem, key, since } = notice;
  return { event, level, job, problem, key, title: headline(notice), text: wholeText(notice), since };
}

/** Fills in every text; braces around anything else stay as they are. */
export function fill(template: Template, values: Values): Template {
  if (typeof template === 'string')
    return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      name in values ? values[name as keyof Values] : whole,
    );
  if (typeof template !== 'object' || template === null) return template;
  if (isList(template)) return template.map((item) => fill(item, values));
  return Object.fromEntries(Object.entries(template).map(([name, item]) => [name, fill(item, values)]));
}

function isList(template: object): template is readonly Template[] {
  return Array.isArray(template);
}
