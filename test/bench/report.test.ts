import { goalPeers, goalsOf, memoryGrowth } from '../../bench/goals.ts';
import { type Comparison, comparisonText, ratioText, table } from '../../bench/report.ts';
import type { Contender } from '../../bench/statistics.ts';

function contender(name: string, wall: number, peakMegabytes = 250): Contender {
  const rounds = [{ wall, cpu: 1, peak: peakMegabytes * 1e6, steps: { capture: wall / 2 } }];
  return { name, keys: 1000, bytes: 2_000_000, rounds };
}

function backup(wall: number, peakMegabytes?: number): Comparison {
  return {
    title: 'Backup',
    ours: contender('holdfast', wall, peakMegabytes),
    peers: [{ ...contender(goalPeers.export, 10), rounds: [{ wall: 10, cpu: 12.5, peak: 1e9 }] }],
  };
}

test('a comparison is a table with ratios', () => {
  expect(comparisonText(backup(8))).toBe(
    [
      'Backup',
      '',
      '                            seconds   CPU s   keys/s   MB/s   peak MB     Holdfast is',
      '  holdfast                     8.00    1.00      125    0.3       250',
      '  consul kv export > file      10.0    12.5      100    0.2     1,000   1.25x as fast',
      '',
      '  Steps: capture 4.0 s',
      '',
    ].join('\n'),
  );
});

test('columns are as wide as their widest cell', () => {
  expect(
    table([
      ['', 'n'],
      ['long name', '1'],
      ['x', '1,000'],
    ]),
  ).toEqual(['                  n', '  long name       1', '  x           1,000']);
});

test.each([
  [0.5, '0.50x'],
  [1.004, '1.00x'],
  [27.4, '27x'],
])('%d is %s', (ratio, expected) => expect(ratioText(ratio)).toBe(expected));

test('goals tell what was reached and what was not', () => {
  expect(goalsOf(backup(8)).map(({ reached }) => reached)).toEqual([true, true]);
  expect(goalsOf(backup(12, 301)).map(({ reached }) => reached)).toEqual([false, false]);
  expect(goalsOf(backup(8))[0]?.text).toBe('1.25x as fast as consul kv export > file (goal: 1x)');
});

test('a restore has another goal', () => {
  const restore = (wall: number): Comparison => ({
    title: 'Restore',
    ours: contender('holdfast', wall),
    peers: [contender(goalPeers.import, 15)],
  });
  expect(goalsOf(restore(0.9))[0]?.reached).toBe(true);
  expect(goalsOf(restore(1.1))[0]?.reached).toBe(false);
});

test('a snapshot of etcd has to be no slower than saving and uploading one', () => {
  const snapshot = (wall: number): Comparison => ({
    title: 'Backup',
    ours: contender('holdfast', wall),
    peers: [contender(goalPeers.snapshot, 10)],
  });
  expect(goalsOf(snapshot(9.9))[0]).toEqual({
    text: '1.01x as fast as etcdctl snapshot save, s5cmd cp (goal: 1x)',
    reached: true,
  });
  expect(goalsOf(snapshot(10.1))[0]?.reached).toBe(false);
});

test('memory is compared between the least and the most keys of each kind of value', () => {
  const result = (values: 'small' | 'large', keys: number, peak: number) => ({
    tree: { values, keys },
    backup: backup(1, peak),
    restore: backup(1, peak + 1),
  });
  expect(
    memoryGrowth([result('small', 1_000_000, 260), result('small', 1000, 250), result('large', 5, 1)]),
  ).toBe(
    'Peak memory of the worker, backup, small values: 250 MB with 1,000 keys, 260 MB with 1,000,000\n' +
      'Peak memory of the worker, restore, small values: 251 MB with 1,000 keys, 261 MB with 1,000,000\n',
  );
});
