import type { Notice } from '../workflows/contract/alarms.ts';

/** One line: `CRITICAL: consul-prod: failed`, `OK again: consul-prod: failed`. */
export function headline(notice: Notice): string {
  const { event, level, problem } = notice;
  const what = `${notice.job ?? 'Holdfast'}: ${problem}`;
  switch (event) {
    case 'fired':
      return `${level.toUpperCase()}: ${what}`;
    case 'reminder':
      return `STILL ${level.toUpperCase()}: ${what}`;
    case 'cleared':
      return `OK again: ${what}`;
    case 'ended':
      return what;
    case 'test':
      return 'Test of Holdfast’s alarms';
  }
}

/** With since when. */
export function wholeText(notice: Notice): string {
  const { event, text, since } = notice;
  const when = since.replace(/^(\S+)T(\d\d:\d\d:\d\d).*$/, '$1 $2 UTC');
  switch (event) {
    case 'fired':
    case 'reminder':
      return `${text} (since ${when})`;
    case 'cleared':
      return `It was, since ${when}: ${text}`;
    case 'ended':
    case 'test':
      return text;
  }
}
