import { setTimeout as sleep } from 'node:timers/promises';
import { type Life, liveness, readiness } from '../../../worker/status/health.ts';
import { kept } from '../../../worker/status/kept.ts';

const life = (phase: Life['phase'], data = true): Life => ({
  phase,
  polling: () =>
    new Map([
      ['holdfast', true],
      ['holdfast-data', data],
    ]),
});
const answers = (): Promise<boolean> => Promise.resolve(true);

test.each([
  [life('waiting for Temporal', false), true, false],
  [life('serving'), true, true],
  [life('serving', false), false, false],
  [life('stopping', false), true, false],
])('alive and ready: %j', async (worker, alive, ready) => {
  expect(liveness(worker).ok).toBe(alive);
  expect((await readiness(worker, answers)).ok).toBe(ready);
});

test('without Temporal a worker is alive, and not ready', async () => {
  const worker = life('serving');
  expect(liveness(worker).ok).toBe(true);
  expect(await readiness(worker, () => Promise.resolve(false))).toMatchObject({
    ...{ ok: false, status: 'Temporal does not answer' },
  });
});

test('whoever asks often costs Temporal nothing', async () => {
  let reads = 0;
  const read = kept(async () => {
    await sleep(1);
    return ++reads;
  });
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  expect(await read()).toBe(1);
});
