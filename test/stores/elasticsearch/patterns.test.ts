import { inPaths, matches } from '../../../stores/elasticsearch/patterns.ts';

test.each([
  [['*'], 'logs-1', true],
  [['logs-*'], 'logs-1', true],
  [['logs-*'], 'my-logs-1', false],
  [['*', '-logs-*'], 'logs-1', false],
  [['*', '-logs-*', 'logs-1'], 'logs-1', true],
  [['a.c'], 'abc', false],
  [['.ds-*-1'], '.ds-x-1', true],
  [[], 'anything', false],
])('%j takes %s: %s', (patterns, name, taken) => {
  expect(matches(patterns, name)).toBe(taken);
});

test('names go into paths that a server takes, each once, encoded', () => {
  const names = Array.from({ length: 100 }, (_, n) => `${'x'.repeat(100)}+${n}`);
  const paths = [...inPaths(names)];
  expect(paths.length).toBeGreaterThan(1);
  expect(Math.max(...paths.map(({ length }) => length))).toBeLessThan(3_200);
  expect(paths.flatMap((path) => path.split(',').map(decodeURIComponent))).toEqual(names);
  expect([...inPaths([])]).toEqual([]);
});
