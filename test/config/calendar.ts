import { type CalendarTimes, type CronDialect, readCron, valuesOf } from '../../config/cron.ts';

/** The calendar of a text that has one. */
export function calendarOf(text: string, dialect: CronDialect): CalendarTimes {
  const times = readCron(text, dialect);
  if (typeof times === 'string' || 'every' in times) throw new Error(`${text}: ${JSON.stringify(times)}`);
  return times;
}

/** The first times after `from`, in UTC, found by looking at one day after the other. */
export function nextTimes(times: CalendarTimes, from: Date, count: number): readonly string[] {
  const [hours, minutes, seconds] = [valuesOf(times.hour), valuesOf(times.minute), valuesOf(times.second)];
  const found: string[] = [];
  const day = new Date(from);
  day.setUTCHours(0, 0, 0, 0);
  for (let days = 0; days < 366 * 30 && found.length < count; days++, day.setUTCDate(day.getUTCDate() + 1)) {
    if (!isDay(times, day)) continue;
    for (const hour of hours)
      for (const minute of minutes)
        for (const second of seconds) {
          const time = new Date(day);
          time.setUTCHours(hour, minute, second);
          if (time > from && found.length < count) found.push(time.toISOString());
        }
  }
  return found;
}

function isDay({ day, month, weekday, eitherDay }: CalendarTimes, date: Date): boolean {
  if (!valuesOf(month).includes(date.getUTCMonth() + 1)) return false;
  const ofMonth = valuesOf(day).includes(date.getUTCDate());
  const ofWeek = valuesOf(weekday).includes(date.getUTCDay());
  return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}
