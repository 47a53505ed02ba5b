import { zstdCompressSync } from 'node:zlib';
import { recordsOf, sizeOf, treeOf } from '../../bench/tree.ts';
import { stepsOf } from '../../bench/steps.ts';
import { ticksIn } from '../../bench/measure.ts';

test('a tree has as many different keys as it says, and is the same every time', () => {
  const tree = treeOf('small', 1000);
  const records = [...recordsOf(tree)].flat();
  expect(new Set(records.map(({ key }) => key.toString())).size).toBe(1000);
  expect(JSON.stringify([...recordsOf(tree)].flat())).toBe(JSON.stringify(records));
  const mean = records.reduce((sum, record) => sum + sizeOf(record), 0) / records.length;
  expect(mean).toBeGreaterThan(120);
  expect(mean).toBeLessThan(180);
});

test('large values stand for 64 small ones, and are no gift to a compressor', () => {
  const tree = treeOf('large', 3200);
  expect(tree.keys).toBe(50);
  const values = [...recordsOf(tree)].flat().map(({ value }) => value ?? Buffer.alloc(0));
  expect(values.every((value) => value.length === 65_536)).toBe(true);
  const whole = Buffer.concat(values);
  const compressed = zstdCompressSync(whole).length;
  expect(compressed).toBeGreaterThan(whole.length / 8);
  expect(compressed).toBeLessThan(whole.length);
});

test('the steps of a run come from its history', () => {
  const time = (seconds: number, nanos = 0) => ({ seconds: seconds as never, nanos });
  const events = [
    {
      eventId: 5 as never,
      eventTime: time(10),
      activityTaskScheduledEventAttributes: { activityType: { name: 'capture' } },
    },
    { eventId: 6 as never, eventTime: time(11), activityTaskStartedEventAttributes: {} },
    {
      eventId: 7 as never,
      eventTime: time(12, 500_000_000),
      activityTaskCompletedEventAttributes: { scheduledEventId: 5 as never },
    },
  ];
  expect(stepsOf(events)).toEqual({ capture: 2.5 });
});

test('processor time is found behind any name of a program', () => {
  expect(ticksIn('12 (a) b) R 1 1 1 0 -1 4194560 100 0 0 0 70 30 5 5 20 0 1 0 100')).toBe(100);
});
