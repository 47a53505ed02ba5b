export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/**
 * Names the hour, day, ISO week, month and year that a moment falls in, in a time zone (IANA name). The hour that
 * comes twice when clocks are put back is two hours: its name has the offset from UTC.
 */
export function periodsIn(timezone: string): (time: Date) => Readonly<Record<Period, string>> {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
    const yearly = part('year').padStart(4, '0');
    const monthly = `${yearly}-${part('month')}`;
    const daily = `${monthly}-${part('day')}`;
    const offset = part('timeZoneName').replace('GMT', 'UTC');
    const hourly = `${daily} ${part('hour')}h ${offset}`;
    return { hourly, daily, weekly: isoWeek(new Date(`${daily}T00:00:00Z`)), monthly, yearly };
  };
}

/** The ISO week of a day, given as its midnight in UTC: `2026-W47`. A week belongs to the year of its Thursday. */
function isoWeek(day: Date): string {
  const weekday = (day.getUTCDay() + 6) % 7;
  const thursday = new Date(day.getTime() + (3 - weekday) * 86_400_000);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday.getTime() - newYear) / (7 * 86_400_000));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
