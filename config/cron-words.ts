import { type CalendarTimes, type CronDialect, type FieldRange, readCron, valuesOf } from './cron.ts';

/** A cron text in words: `every day at 03:15`, `every 10 seconds`; empty where it is none. */
export function cronWords(text: string, dialect: CronDialect): string {
  const times = readCron(text, dialect);
  if (typeof times === 'string') return '';
  if ('every' in times) return `every ${durationWords(times.every)}`;
  const days = dayWords(times);
  const clock = clockTimes(times);
  if (clock === undefined) return [...intraday(times), ...days].join(' ');
  return [...(days.length === 0 ? ['every day'] : []), `at ${listed(clock)}`, ...days].join(' ');
}

const units = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

function durationWords(milliseconds: number): string {
  let rest = milliseconds;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  const [only = '', ...more] = parts;
  return more.length === 0 ? only.replace(/^1 /, '') : parts.join(' ');
}

const mostClockTimes = 6;

/** Where there are only a few a day. */
function clockTimes({ second, minute, hour }: CalendarTimes): readonly string[] | undefined {
  const [seconds, minutes, hours] = [valuesOf(second), valuesOf(minute), valuesOf(hour)];
  if (seconds.length * minutes.length * hours.length > mostClockTimes) return undefined;
  const two = (value: number): string => String(value).padStart(2, '0');
  const withSeconds = seconds.some((value) => value !== 0);
  return hours.flatMap((h) =>
    minutes.flatMap((m) => seconds.map((s) => `${two(h)}:${two(m)}${withSeconds ? `:${two(s)}` : ''}`)),
  );
}

/** `every 5 minutes`, `at second 10 of minute 1 of every hour`. */
function intraday({ second, minute, hour }: CalendarTimes): readonly string[] {
  const onTheMinute = is(second, [0]);
  const parts: string[] = [];
  if (!onTheMinute) parts.push(countWords('second', second, 60, false));
  const everyMinute = covers(minute, 60);
  const inEveryMinute = parts[0]?.startsWith('every') !== true;
  if (!everyMinute || inEveryMinute) parts.push(countWords('minute', minute, 60, parts.length > 0));
  const everyHour = covers(hour, 24);
  const inEveryHour = everyHour && parts.at(-1)?.startsWith('every') !== true;
  if (inEveryHour && !everyMinute) parts.push('of every hour');
  else if (!everyHour) parts.push(countWords('hour', hour, 24, true));
  return parts;
}

function countWords(unit: string, ranges: readonly FieldRange[], total: number, inner: boolean): string {
  const step = evenStep(ranges, total);
  const of = inner ? 'of ' : '';
  if (step === 1) return `${of}every ${unit}`;
  if (step !== undefined) return inner ? `of every ${nth(step)} ${unit}` : `every ${step} ${unit}s`;
  const values = valuesOf(ranges);
  const plural = values.length > 1 ? `${unit}s` : unit;
  return `${inner ? 'of' : 'at'} ${plural} ${listed(runs(values))}`;
}

/** Undefined where the distance is not the same all around, as with every 7 minutes of an hour. */
function evenStep(ranges: readonly FieldRange[], total: number): number | undefined {
  const values = valuesOf(ranges);
  const step = total / values.length;
  if (values.length < 2 || !Number.isInteger(step)) return undefined;
  return values.every((value, index) => value === index * step) ? step : undefined;
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

function dayWords({ day, weekday, month, eitherDay }: CalendarTimes): readonly string[] {
  const days = valuesOf(day);
  const weekdays = valuesOf(weekday);
  const ofMonth =
    days.length === 31 ? [] : [`on day${days.length > 1 ? 's' : ''} ${listed(runs(days))} of the month`];
  const ofWeek = weekdays.length === 7 ? [] : [`on ${listed(runs(weekdays, dayNames))}`];
  const between = eitherDay && ofMonth.length + ofWeek.length === 2 ? ['or'] : [];
  const both = !eitherDay && ofMonth.length + ofWeek.length === 2 ? ['if it is also'] : [];
  const months = valuesOf(month);
  const inMonths = months.length === 12 ? [] : [`in ${listed(runs(months, ['', ...monthNames]))}`];
  return [...ofMonth, ...between, ...both, ...ofWeek, ...inMonths];
}

/** 1, 2, 3, 7 → `1 to 3`, `7`. */
function runs(values: readonly number[], names?: readonly string[]): readonly string[] {
  const name = (value: number): string => names?.[value] ?? String(value);
  const found: string[] = [];
  for (let at = 0; at < values.length; at++) {
    const first = values[at] ?? 0;
    let last = first;
    while (values[at + 1] === last + 1) {
      last += 1;
      at += 1;
    }
    if (last - first === 1) found.push(name(first), name(last));
    else found.push(last === first ? name(first) : `${name(first)} to ${name(last)}`);
  }
  return found;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

function nth(value: number): string {
  return value === 2 ? '2nd' : value === 3 ? '3rd' : `${value}th`;
}

function is(ranges: readonly FieldRange[], values: readonly number[]): boolean {
  return valuesOf(ranges).join() === values.join();
}

function covers(ranges: readonly FieldRange[], total: number): boolean {
  return valuesOf(ranges).length === total;
}
