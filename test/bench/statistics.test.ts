import {
  type Contender,
  median,
  type Round,
  speedRatio,
  stepSummary,
  summary,
  turn,
} from '../../bench/statistics.ts';

function contender(keys: number, ...walls: readonly number[]): Contender {
  const rounds = walls.map((wall, index): Round => ({ wall, cpu: wall / 2, peak: index * 100 }));
  return { name: `of ${keys} keys`, keys, bytes: keys * 100, rounds };
}

test.each([
  [[3], 3],
  [[1, 2], 1.5],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (numbers, expected) => expect(median(numbers)).toBe(expected));

test('of nothing there is no median', () => {
  expect(() => median([])).toThrow('no median');
});

test('a speed ratio compares keys a second, each round with its own neighbour', () => {
  // The machine was slow in the second round, for both.
  const ours = contender(1000, 10, 40, 10);
  const theirs = contender(1000, 20, 80, 20);
  expect(speedRatio(ours, theirs)).toBe(2);
  expect(speedRatio(contender(1000, 10), contender(10, 1))).toBe(10);
});

test('a ratio needs the same rounds on both sides', () => {
  expect(() => speedRatio(contender(1, 1, 1), contender(1, 1))).toThrow('has no round 2');
});

test('a summary has medians, and the most of memory', () => {
  expect(summary(contender(1000, 10, 30, 20))).toEqual({
    wall: 20,
    cpu: 10,
    peak: 200,
    keysPerSecond: 50,
    bytesPerSecond: 5000,
  });
});

test('steps are summed up by name, also where a round lacks one', () => {
  const round = { wall: 1, cpu: 1, peak: 1 };
  const rounds = [
    { ...round, steps: { plan: 1, apply: 10 } },
    { ...round, steps: { plan: 3, apply: 20 } },
    { ...round, steps: { plan: 2 } },
    round,
  ];
  expect(stepSummary({ ...contender(1), rounds })).toEqual({ plan: 2, apply: 15 });
});

test('everybody begins once', () => {
  const orders = [0, 1, 2, 3].map((round) => turn(['a', 'b', 'c'], round).join(''));
  expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
});
