/** What is wrong with a cron text, or `undefined`. Five fields, or `@hourly` and the like, as Temporal takes them. */
export function cronProblem(text: string): string | undefined {
  if (text.startsWith('@'))
    return shorthands.has(text) ? undefined : `knows only ${[...shorthands].join(', ')}`;
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    return `has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'} instead of 5`;
  }
  const values: number[][] = [];
  for (const [index, field] of fields.entries()) {
    const result = fieldValues(parts[index] ?? '', field);
    if (typeof result === 'string') return `its ${field.name} ${result}`;
    values.push(result);
  }
  const [, , days = [], months = []] = values;
  const longest = Math.max(...months.map((month) => monthDays[month - 1] ?? 31));
  if (Math.min(...days) > longest) return 'names a day that no month of it has';
  return undefined;
}

const shorthands = new Set(['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']);
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  {
    name: 'month',
    from: 1,
    to: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', from: 0, to: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** The values that a field stands for, or what is wrong with it. */
function fieldValues(text: string, field: Field): number[] | string {
  const values: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/i.exec(part);
    if (match === null) return `"${part}" is not understood`;
    const [, star, first = '', last, step] = match;
    const start = star === undefined ? fieldNumber(first, field) : field.from;
    // `5/10` counts from 5 to the end of the field, `5` is 5 alone.
    const openEnd = star !== undefined || (last === undefined && step !== undefined);
    const end = openEnd ? field.to : fieldNumber(last ?? first, field);
    if (start === undefined || end === undefined) return `"${part}" is not within ${field.from}-${field.to}`;
    if (start > end) return `"${part}" ends before it starts`;
    if (step !== undefined && Number(step) === 0) return `"${part}" has a step of 0`;
    for (let value = start; value <= end; value += Number(step ?? 1)) values.push(value);
  }
  return values;
}

function fieldNumber(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.from : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= field.from && value <= field.to ? value : undefined;
}
