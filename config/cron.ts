import { parseDuration } from './duration.ts';

/**
 * How a cron text is read. `standard`: five fields, minute first, as in every crontab; six, with the second before
 * them. `go-cron`: second first in any case, as robfig/cron of 2015 reads it: a sixth field, the day of the week, may
 * be left out.
 */
export type CronDialect = 'standard' | 'go-cron';

/** Values of a field, from `from` to `to` in steps. */
export interface FieldRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export type FieldName = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday';

/** Sunday is 0. */
export type CalendarTimes = Readonly<Record<FieldName, readonly FieldRange[]>> & {
  /**
   * Whether one of the two day fields is enough, as cron has it where both are restricted; where one of them begins
   * with a star, both must fit.
   */
  readonly eitherDay: boolean;
};

/** When something is due. `every`: milliseconds, counted from 1970. */
export type CronTimes = CalendarTimes | { readonly every: number };

/** When a cron text is due, or what is wrong with it (a text that completes "this one …"). */
export function readCron(text: string, dialect: CronDialect): CronTimes | string {
  const trimmed = text.trim();
  if (trimmed.startsWith('@every')) return readInterval(trimmed.slice('@every'.length).trim());
  if (trimmed.startsWith('@')) {
    const meant = shorthands.get(trimmed);
    const known = [...shorthands.keys(), '@every 10m'].join(', ');
    return meant === undefined ? `knows only ${known}` : readFields(meant, 'standard');
  }
  return readFields(trimmed, dialect);
}

function readInterval(text: string): CronTimes | string {
  const every = parseDuration(text);
  if (every === undefined || every < 1000 || every % 1000 !== 0) {
    return 'needs a duration of whole seconds after @every, such as 10s or 1h30m';
  }
  return { every };
}

const shorthands = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const fields: Readonly<Record<FieldName, Field>> = {
  second: { name: 'second', from: 0, to: 59 },
  minute: { name: 'minute', from: 0, to: 59 },
  hour: { name: 'hour', from: 0, to: 23 },
  day: { name: 'day of the month', from: 1, to: 31 },
  month: {
    name: 'month',
    from: 1,
    to: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  weekday: {
    name: 'day of the week',
    from: 0,
    to: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
};

function readFields(text: string, dialect: CronDialect): CronTimes | string {
  const parts = text.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6) {
    return `has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'}`;
  }
  const [second, minute, hour, day, month, weekday] = allFields(parts, dialect);
  const texts = { second, minute, hour, day, month, weekday };
  const ranges: Partial<Record<FieldName, readonly FieldRange[]>> = {};
  for (const name of Object.keys(fields) as FieldName[]) {
    const result = readField(texts[name] ?? '*', fields[name]);
    if (typeof result === 'string') return `its ${fields[name].name} ${result}`;
    ranges[name] = result;
  }
  const eitherDay = ![day, weekday].some((field) => isStar(field ?? '*'));
  const times = { ...(ranges as Record<FieldName, readonly FieldRange[]>), eitherDay };
  return isPossible(times) ? times : 'names a day that no month of it has';
}

function allFields(parts: readonly string[], dialect: CronDialect): readonly string[] {
  if (parts.length === 6) return parts;
  return dialect === 'go-cron' ? [...parts, '*'] : ['0', ...parts];
}

function isStar(field: string): boolean {
  return /^[*?]/.test(field);
}

/** The values that a field stands for, or what is wrong with it. */
function readField(text: string, field: Field): FieldRange[] | string {
  const ranges: FieldRange[] = [];
  for (const part of text.split(',')) {
    const match = /^(?:([*?])|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/i.exec(part);
    if (match === null) return `"${part}" is not understood`;
    const [, star, first = '', last, stepText] = match;
    const from = star === undefined ? fieldNumber(first, field) : field.from;
    // `5/10` counts from 5 to the end of the field, `5` is 5 alone.
    const openEnd = star !== undefined || (last === undefined && stepText !== undefined);
    // The seventh day is the first once more, and stands for itself only where somebody wrote 7.
    const highest = field === fields.weekday ? 6 : field.to;
    const to = openEnd ? Math.max(highest, from ?? 0) : fieldNumber(last ?? first, field);
    if (from === undefined || to === undefined) return `"${part}" is not within ${field.from}-${field.to}`;
    if (from > to) return `"${part}" ends before it starts`;
    const step = Number(stepText ?? 1);
    if (step === 0) return `"${part}" has a step of 0`;
    ranges.push(...(field === fields.weekday ? weekdays(from, to, step) : [{ from, to, step }]));
  }
  return ranges;
}

/** With 7 as 0. */
function weekdays(from: number, to: number, step: number): FieldRange[] {
  if (to < 7) return [{ from, to, step }];
  const sunday = { from: 0, to: 0, step: 1 };
  const reachesSunday = (7 - from) % step === 0;
  const before = from < 7 ? [{ from, to: 6, step }] : [];
  return reachesSunday ? [...before, sunday] : before;
}

function fieldNumber(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.from : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= field.from && value <= field.to ? value : undefined;
}

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isPossible({ day, month, eitherDay }: CalendarTimes): boolean {
  const longest = Math.max(...valuesOf(month).map((value) => monthDays[value - 1] ?? 31));
  return eitherDay || Math.min(...valuesOf(day)) <= longest;
}

/** Every value once, in ascending order. */
export function valuesOf(ranges: readonly FieldRange[]): readonly number[] {
  const values = new Set<number>();
  for (const { from, to, step } of ranges)
    for (let value = from; value <= to; value += step) values.add(value);
  return [...values].sort((one, other) => one - other);
}
