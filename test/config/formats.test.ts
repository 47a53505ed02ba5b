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
