import { readable } from '../../worker/logging.ts';

const entry = (fields: object): string =>
  JSON.stringify({ time: '2026-11-22T04:15:01.000Z', level: 'info', ...fields });

test('a person sees time, level, message, and what belongs to the matter', () => {
  const line = entry({
    msg: 'Pruned',
    job: 'demo',
    removed: ['a'],
    sdkComponent: 'activity',
    namespace: 'default',
  });
  expect(readable(line)).toBe('04:15:01 info  Pruned  job=demo  removed=["a"]\n');
});

test('an error comes with its stack', () => {
  const line = entry({
    level: 'fatal',
    msg: 'The worker failed',
    err: { message: 'why', stack: 'Error: why\n    at x' },
  });
  expect(readable(line)).toBe('04:15:01 fatal The worker failed\n  Error: why\n    at x\n');
});
