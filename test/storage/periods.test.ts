import { periodsIn } from '../../storage/periods.ts';
import type { Period } from '../../storage/periods.ts';

test.each<[string, string, Period, string]>([
  ['UTC', '2026-11-22T04:15:00Z', 'hourly', '2026-11-22 04h UTC+00:00'],
  ['UTC', '2026-11-22T00:00:00Z', 'hourly', '2026-11-22 00h UTC+00:00'],
  ['Asia/Kolkata', '2026-11-22T18:45:00Z', 'hourly', '2026-11-23 00h UTC+05:30'],
  // Clocks go back: the same local hour twice, and both are hours of their own.
  ['Europe/Berlin', '2026-10-25T00:30:00Z', 'hourly', '2026-10-25 02h UTC+02:00'],
  ['Europe/Berlin', '2026-10-25T01:30:00Z', 'hourly', '2026-10-25 02h UTC+01:00'],
  // Clocks go forward: there is no hour 02.
  ['Europe/Berlin', '2026-03-29T00:59:59Z', 'hourly', '2026-03-29 01h UTC+01:00'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 'hourly', '2026-03-29 03h UTC+02:00'],
  ['Europe/Berlin', '2026-10-24T21:59:59Z', 'daily', '2026-10-24'],
  ['Europe/Berlin', '2026-10-24T22:00:00Z', 'daily', '2026-10-25'],
  ['Europe/Berlin', '2026-10-25T22:59:59Z', 'daily', '2026-10-25'],
  ['America/New_York', '2026-11-22T04:15:00Z', 'daily', '2026-11-21'],
  ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', 'yearly', '2027'],
  // ISO weeks begin on Monday, and belong to the year of their Thursday.
  ['UTC', '2026-11-22T23:59:59Z', 'weekly', '2026-W47'],
  ['UTC', '2026-11-23T00:00:00Z', 'weekly', '2026-W48'],
  ['UTC', '2027-01-03T12:00:00Z', 'weekly', '2026-W53'],
  ['UTC', '2027-01-04T12:00:00Z', 'weekly', '2027-W01'],
  ['UTC', '2024-12-30T12:00:00Z', 'weekly', '2025-W01'],
  ['UTC', '2023-01-01T12:00:00Z', 'weekly', '2022-W52'],
  ['UTC', '2026-11-30T23:59:59Z', 'monthly', '2026-11'],
  ['Asia/Tokyo', '2026-11-30T23:59:59Z', 'monthly', '2026-12'],
])('in %s, %s is %s %s', (timezone, time, period, name) => {
  expect(periodsIn(timezone)(new Date(time))[period]).toBe(name);
});

test('a day is as long as its clocks say', () => {
  const periodsOf = periodsIn('Europe/Berlin');
  const hoursOf = (day: string) => {
    const around = Array.from({ length: 72 }, (_, hour) =>
      periodsOf(new Date(Date.parse(`${day}T12:00:00Z`) + (hour - 36) * 3_600_000)),
    );
    return new Set(around.filter(({ daily }) => daily === day).map(({ hourly }) => hourly)).size;
  };
  expect(hoursOf('2026-03-29')).toBe(23);
  expect(hoursOf('2026-03-30')).toBe(24);
  expect(hoursOf('2026-10-25')).toBe(25);
});
