import { Cron } from 'croner';
import fc from 'fast-check';
import { type CronDialect, readCron } from '../../config/cron.ts';
import { cronWords } from '../../config/cron-words.ts';
import { calendarOf, nextTimes } from './calendar.ts';

/** A Thursday. */
const from = new Date('2026-01-01T00:00:00.000Z');

describe('checklist 46: when a cron text is due', () => {
  test.each<[string, CronDialect, readonly string[]]>([
    // The schedule of the post that go-cron is known from: every ten seconds, not every ten minutes.
    ['0/10 * * * * *', 'go-cron', ['01-01T00:00:10', '01-01T00:00:20', '01-01T00:00:30']],
    ['0 1 * * * *', 'go-cron', ['01-01T00:01:00', '01-01T01:01:00', '01-01T02:01:00']],
    // Five fields of go-cron begin with the second: its default is every second.
    ['* * * * *', 'go-cron', ['01-01T00:00:01', '01-01T00:00:02', '01-01T00:00:03']],
    ['30 5 4 * *', 'go-cron', ['01-01T04:05:30', '01-02T04:05:30', '01-03T04:05:30']],
    ['@daily', 'go-cron', ['01-02T00:00:00', '01-03T00:00:00', '01-04T00:00:00']],
    ['0 0 12 ? * MON-FRI', 'go-cron', ['01-01T12:00:00', '01-02T12:00:00', '01-05T12:00:00']],
    ['* * * * *', 'standard', ['01-01T00:01:00', '01-01T00:02:00', '01-01T00:03:00']],
    ['0/10 * * * * *', 'standard', ['01-01T00:00:10', '01-01T00:00:20', '01-01T00:00:30']],
    ['5/20 * * * *', 'standard', ['01-01T00:05:00', '01-01T00:25:00', '01-01T00:45:00']],
    ['@hourly', 'standard', ['01-01T01:00:00', '01-01T02:00:00', '01-01T03:00:00']],
    ['@weekly', 'standard', ['01-04T00:00:00', '01-11T00:00:00', '01-18T00:00:00']],
    ['@monthly', 'standard', ['02-01T00:00:00', '03-01T00:00:00', '04-01T00:00:00']],
    ['0 0 * * 7', 'standard', ['01-04T00:00:00', '01-11T00:00:00', '01-18T00:00:00']],
    ['0 0 * * 5-7', 'standard', ['01-02T00:00:00', '01-03T00:00:00', '01-04T00:00:00']],
    ['0 0 * * 1-7/2', 'standard', ['01-02T00:00:00', '01-04T00:00:00', '01-05T00:00:00']],
    // Both day fields are restricted: one of them is enough.
    ['0 0 1 * mon', 'standard', ['01-05T00:00:00', '01-12T00:00:00', '01-19T00:00:00']],
    ['0 0 4,5 * mon', 'standard', ['01-04T00:00:00', '01-05T00:00:00', '01-12T00:00:00']],
    // One of them begins with a star: both must fit.
    ['0 0 */2 * mon', 'standard', ['01-05T00:00:00', '01-19T00:00:00', '02-09T00:00:00']],
    ['0 0 29 feb *', 'standard', ['2028-02-29T00:00:00', '2032-02-29T00:00:00', '2036-02-29T00:00:00']],
  ])('%j (%s)', (text, dialect, expected) => {
    const times = expected.map((time) => `${time.length > 14 ? '' : '2026-'}${time}.000Z`);
    expect(nextTimes(calendarOf(text, dialect), from, 3)).toEqual(times);
  });

  test.each([
    ['@every 10s', 10_000],
    ['@every 1h30m', 5_400_000],
  ])('%s', (text, every) => {
    expect(readCron(text, 'go-cron')).toEqual({ every });
    expect(readCron(text, 'standard')).toEqual({ every });
  });
});

describe('a mistake in a cron text is told', () => {
  test.each<[string, CronDialect, string]>([
    ['', 'standard', 'has 1 field'],
    ['* * * *', 'standard', 'has 4 fields'],
    ['0 0 0 1 1 * 2027', 'standard', 'has 7 fields'],
    ['60 * * * *', 'standard', 'its minute "60" is not within 0-59'],
    ['60 * * * *', 'go-cron', 'its second "60" is not within 0-59'],
    ['0 24 * * *', 'standard', 'its hour "24" is not within 0-23'],
    ['0 0 0 * *', 'standard', 'its day of the month "0" is not within 1-31'],
    ['0 0 * foo *', 'standard', 'its month "foo" is not within 1-12'],
    ['0 0 * * 8', 'standard', 'its day of the week "8" is not within 0-7'],
    ['*/0 * * * *', 'standard', 'its minute "*/0" has a step of 0'],
    ['5-1 * * * *', 'standard', 'its minute "5-1" ends before it starts'],
    ['1,,2 * * * *', 'standard', 'its minute "" is not understood'],
    ['0 0 30 2 *', 'standard', 'names a day that no month of it has'],
    ['0 0 31 4,6 *', 'standard', 'names a day that no month of it has'],
    [
      '@sometimes',
      'standard',
      'knows only @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, @every 10m',
    ],
    ['@every', 'go-cron', 'needs a duration of whole seconds after @every, such as 10s or 1h30m'],
    ['@every 500ms', 'go-cron', 'needs a duration of whole seconds after @every, such as 10s or 1h30m'],
  ])('%j (%s)', (text, dialect, problem) => expect(readCron(text, dialect)).toBe(problem));

  test('a day that no month has is none where the day of the week may be instead', () => {
    expect(readCron('0 0 30 2 mon', 'standard')).toMatchObject({ eitherDay: true });
  });
});

/** A field as people write it; every part of it is within its bounds. */
function field(low: number, high: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: low, max: high });
  const range = fc.tuple(value, value).map(([one, other]) => [Math.min(one, other), Math.max(one, other)]);
  const step = fc.integer({ min: 1, max: high });
  const part = fc.oneof(
    value.map(String),
    range.map(([first, last]) => `${first}-${last}`),
    fc.tuple(range, step).map(([[first, last], by]) => `${first}-${last}/${by}`),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join()) },
  );
}

const sixFields = fc
  .tuple(field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
  .map((parts) => parts.join(' '));
const instant = fc
  .date({ min: new Date('2024-01-01T00:00:00Z'), max: new Date('2030-01-01T00:00:00Z'), noInvalidDate: true })
  .map((time) => new Date(Math.floor(time.getTime() / 1000) * 1000));

test('checklist 46: any six fields are due when another reader of cron says so', () => {
  fc.assert(
    fc.property(sixFields, instant, (text, start) => {
      const theirs = new Cron(text, { timezone: 'UTC', paused: true }).nextRuns(3, start);
      const expected = theirs.map((time) => time.toISOString());
      expect(nextTimes(calendarOf(text, 'standard'), start, 3)).toEqual(expected);
      expect(nextTimes(calendarOf(text, 'go-cron'), start, 3)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test('checklist 46: five fields are the standard’s with second 0, and go-cron’s with any day of the week', () => {
  fc.assert(
    fc.property(sixFields, (text) => {
      const parts = text.split(' ');
      expect(readCron(parts.slice(1).join(' '), 'standard')).toEqual(
        readCron(`0 ${parts.slice(1).join(' ')}`, 'standard'),
      );
      expect(readCron(parts.slice(0, 5).join(' '), 'go-cron')).toEqual(
        readCron(`${parts.slice(0, 5).join(' ')} *`, 'go-cron'),
      );
    }),
  );
});

test.each<[string, CronDialect, string]>([
  ['0/10 * * * * *', 'go-cron', 'every 10 seconds'],
  ['0 1 * * * *', 'go-cron', 'at minute 1 of every hour'],
  ['* * * * *', 'go-cron', 'every second'],
  ['* * * * *', 'standard', 'every minute'],
  ['15 3 * * *', 'standard', 'every day at 03:15'],
  ['30 0 0 * * *', 'standard', 'every day at 00:00:30'],
  ['10 * * * * *', 'standard', 'at second 10 of every minute'],
  ['*/5 * * * *', 'standard', 'every 5 minutes'],
  ['*/20 8-18 * * *', 'standard', 'every 20 minutes of hours 8 to 18'],
  ['*/25 * * * *', 'standard', 'at minutes 0, 25 and 50 of every hour'],
  ['0 */2 * * *', 'standard', 'at minute 0 of every 2nd hour'],
  ['0 0,12 * * *', 'standard', 'every day at 00:00 and 12:00'],
  ['0 4 1-7 * mon', 'standard', 'at 04:00 on days 1 to 7 of the month or on Monday'],
  ['0 4 */16 * mon', 'standard', 'at 04:00 on days 1 and 17 of the month if it is also on Monday'],
  ['0 0 29 2 *', 'standard', 'at 00:00 on day 29 of the month in February'],
  [
    '0 8 * jan-mar,dec sat,sun',
    'standard',
    'at 08:00 on Sunday and Saturday in January to March and December',
  ],
  ['@weekly', 'go-cron', 'at 00:00 on Sunday'],
  ['@every 1h', 'standard', 'every hour'],
  ['@every 1h30m', 'standard', 'every 1 hour 30 minutes'],
  ['nonsense', 'standard', ''],
])('%j (%s) is in words: %s', (text, dialect, words) => expect(cronWords(text, dialect)).toBe(words));
