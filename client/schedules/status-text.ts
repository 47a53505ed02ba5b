import { duration } from '../format.ts';
import { localTime } from '../time.ts';
import type { LiveSchedule } from './live.ts';
import { timesInWords } from './times.ts';

/** What `holdfast status` says of a schedule. */
export function scheduleText(schedule: LiveSchedule | undefined): string {
  return schedule === undefined ? 'none' : `${schedule.fields.cron} ${schedule.fields['time zone']}`;
}

/** The same, with what it means in words. */
export function scheduleInWords(schedule: LiveSchedule): string {
  const words = timesInWords(schedule.fields.cron);
  return `${scheduleText(schedule)}${words === '' ? '' : ` (${words})`}`;
}

export function nextText(schedule: LiveSchedule | undefined, now: number): string {
  if (schedule === undefined) return '-';
  if (schedule.paused) return pauseText(schedule.note);
  const [next] = schedule.nextRuns;
  return next === undefined ? 'none' : `in ${duration(Math.max(0, next.getTime() - now))}`;
}

export function pauseText(note: string): string {
  return note === '' ? 'PAUSED' : `PAUSED (${note})`;
}

export function nextRuns({ nextRuns: times, fields }: LiveSchedule): string {
  return (
    times
      .slice(0, 3)
      .map((time) => localTime(time, fields['time zone']))
      .join(', ') || 'none'
  );
}

export function ago(time: Date, now: number): string {
  return duration(Math.max(0, now - time.getTime()));
}
