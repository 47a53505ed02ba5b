export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/**
 * Names the hour, day, ISO week, month and year that a moment falls in, in a time zone (IANA name). The hour that
 * comes twice when clocks are put back is two hours: its name has the offset from UTC.
 */
export function periodsIn(timezone: string): (period: Period, time: Date) => string {
  const format = new Intl.DateTimeFormat('en-CA-u-ca-iso8601-nu-latn', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  return (period, time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
    const year = part('year').padStart(4, '0');
    const day = `${year}-${part('month')}-${part('day')}`;
    switch (period) {
      case 'hourly':
        return `${day} ${part('hour')}h ${part('timeZoneName').replace('GMT', 'UTC')}`;
      case 'daily':
        return day;
      case 'weekly':
        return isoWeek(new Date(`${day}T00:00:00Z`));
      case 'monthly':
        return day.slice(0, 7);
      case 'yearly':
        return year;
    }
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
