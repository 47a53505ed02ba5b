import type { CalendarSpec, ScheduleSpec } from '@temporalio/client';
import type { ScheduleSettings } from '../../config/config.ts';
import { type CalendarTimes, type FieldRange, readCron } from '../../config/cron.ts';
import { cronWords } from '../../config/cron-words.ts';

/**
 * A cron text as Temporal's calendars. Its own reader of cron texts takes six fields for five and a year, and wants
 * both day fields to fit where cron wants one of them.
 */
export function scheduleSpec(settings: ScheduleSettings): ScheduleSpec {
  const { cron, dialect, timezone, jitter } = settings;
  const times = readCron(cron, dialect);
  if (typeof times === 'string') throw new Error(`The cron text ${cron} ${times}`);
  if ('every' in times) return { intervals: [{ every: times.every }], timezone, jitter };
  return { calendars: calendars(times, cronText(settings)), timezone, jitter };
}

function calendars(times: CalendarTimes, comment: string): CalendarSpec[] {
  const { second, minute, hour, day, month, weekday, eitherDay } = times;
  const base: CalendarSpec = {
    // The UI shows nothing else of the text.
    comment,
    second: ranges(second),
    minute: ranges(minute),
    hour: ranges(hour),
    month: month.map((range) => named(range, (value) => months[value - 1] ?? 'JANUARY')),
  };
  const onDays: CalendarSpec = { ...base, dayOfMonth: ranges(day) };
  const onWeekdays = weekday.map((range) => named(range, (value) => weekdays[value] ?? 'SUNDAY'));
  if (!eitherDay) return [{ ...onDays, dayOfWeek: onWeekdays }];
  return [onDays, { ...base, dayOfWeek: onWeekdays }];
}

function ranges(values: readonly FieldRange[]) {
  return values.map(({ from, to, step }) => ({ start: from, end: to, step }));
}

function named<Name>({ from, to, step }: FieldRange, name: (value: number) => Name) {
  return { start: name(from), end: name(to), step };
}

const months = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'] as const),
  ...(['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];
const weekdays = [
  ...(['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const),
];

const goCronMark = ' (go-cron)';

/** The cron text with its dialect, as schedules carry it: `15 * * * *`, `0/10 * * * * * (go-cron)`. */
export function cronText({ cron, dialect }: Pick<ScheduleSettings, 'cron' | 'dialect'>): string {
  return dialect === 'go-cron' ? `${cron}${goCronMark}` : cron;
}

/** In words, what such a text means; empty where it is none. */
export function timesInWords(text: string): string {
  return text.endsWith(goCronMark)
    ? cronWords(text.slice(0, -goCronMark.length), 'go-cron')
    : cronWords(text, 'standard');
}
