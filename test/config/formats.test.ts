import { cronProblem } from '../../config/cron.ts';
import { parseDuration } from '../../config/duration.ts';
import { isTimezone } from '../../config/formats.ts';
import { nearest } from '../../config/nearest.ts';

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['250ms', 250],
    ['0s', 0],
  ])('%s is %d ms', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each(['', '90', 's', '1 h', '1.5h', '-1h', '1h30', '1y', 'h1', '99999999999999d'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('cron texts', () => {
  test.each([
    '* * * * *',
    '15 * * * *',
    '*/5 0-6,20-23 * * *',
    '0 4 1-7 * mon',
    '0 0 29 2 *',
    '0 0 31 JAN,Feb *',
    '0 0 * * 7',
    '5/10 * * * *',
    '@hourly',
    ' 0  4 * * * ',
  ])('%j is right', (text) => expect(cronProblem(text)).toBeUndefined());

  test.each([
    ['', 'has 1 field instead of 5'],
    ['* * * *', 'has 4 fields instead of 5'],
    ['0 * * * * *', 'has 6 fields instead of 5'],
    ['60 * * * *', 'its minute "60" is not within 0-59'],
    ['0 24 * * *', 'its hour "24" is not within 0-23'],
    ['0 0 0 * *', 'its day of the month "0" is not within 1-31'],
    ['0 0 * foo *', 'its month "foo" is not within 1-12'],
    ['0 0 * * 8', 'its day of the week "8" is not within 0-7'],
    ['*/0 * * * *', 'its minute "*/0" has a step of 0'],
    ['5-1 * * * *', 'its minute "5-1" ends before it starts'],
    ['1,,2 * * * *', 'its minute "" is not understood'],
    ['? * * * *', 'its minute "?" is not understood'],
    ['0 0 30 2 *', 'names a day that no month of it has'],
    ['0 0 31 4,6 *', 'names a day that no month of it has'],
    ['@sometimes', 'knows only @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually'],
  ])('%j %s', (text, expected) => expect(cronProblem(text)).toBe(expected));
});

test.each([
  ['UTC', true],
  ['Europe/Berlin', true],
  ['US/Pacific', true],
  ['Asia/Calcutta', true],
  ['Europe/berlin', false],
  ['utc', false],
  ['+01:00', false],
  ['Mars/Base', false],
  ['', false],
])('time zone %j: %s', (name, expected) => expect(isTimezone(name)).toBe(expected));

test.each([
  ['pathStyle', 'path_style'],
  ['path-style', 'path_style'],
  ['buckte', 'bucket'],
  ['region', 'region'],
  ['endpiont', 'endpoint'],
  ['x', undefined],
  ['colour', undefined],
])('nearest to %j: %s', (given, expected) => {
  expect(nearest(given, ['bucket', 'endpoint', 'path_style', 'region', 'sse'])).toBe(expected);
});
