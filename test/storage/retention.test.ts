import { keepReasons } from '../../storage/retention.ts';
import type { KeepPolicy, Retained } from '../../storage/retention.ts';
import { backupId } from '../../workflows/contract/names.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = new Date('2026-11-22T12:00:00Z');
const none: KeepPolicy = { safety: 7 * day, timezone: 'UTC' };

function backup(time: string, changes: Partial<Retained> = {}): Retained {
  const date = new Date(time);
  return { id: backupId(date), time: date, state: 'published', reason: 'schedule', refersTo: [], ...changes };
}

/** `11-22T10` → the reasons for keeping it. */
function kept(backups: readonly Retained[], policy: Partial<KeepPolicy>): Record<string, readonly string[]> {
  const reasons = keepReasons(backups, { ...none, ...policy }, now);
  const label = ({ time }: Retained) => time.toISOString().slice(5, 13);
  return Object.fromEntries(
    backups.filter(({ id }) => reasons.has(id)).map((one) => [label(one), reasons.get(one.id) ?? []]),
  );
}

const sixHours = ['10', '09', '08', '07', '06', '05'].map((at) => backup(`2026-11-22T${at}:00:00Z`));

test('last keeps the newest ones, and says which of how many', () => {
  expect(kept(sixHours, { last: 2 })).toEqual({
    '11-22T10': ['last 1 of 2', 'newest verified'],
    '11-22T09': ['last 2 of 2'],
  });
});

test('a rule keeps the newest of each period, and passes over periods without any', () => {
  const backups = ['11-22T10', '11-22T02', '11-19T23', '11-19T01', '11-18T12', '11-02T12'].map((time) =>
    backup(`2026-${time}:00:00Z`),
  );
  expect(kept(backups, { daily: 3 })).toEqual({
    '11-22T10': ['daily 2026-11-22', 'newest verified'],
    '11-19T23': ['daily 2026-11-19'],
    '11-18T12': ['daily 2026-11-18'],
  });
});

test('all rules together: the union, with every reason', () => {
  const backups = ['11-22T10', '11-22T09', '11-21T10', '11-15T10', '10-31T10', '10-30T10'].map((time) =>
    backup(`2026-${time}:00:00Z`),
  );
  expect(kept(backups, { last: 1, hourly: 2, daily: 2, weekly: 2, monthly: 2, yearly: 1 })).toEqual({
    '11-22T10': [
      'last 1 of 1',
      'hourly 2026-11-22 10h UTC+00:00',
      'daily 2026-11-22',
      'weekly 2026-W47',
      'monthly 2026-11',
      'yearly 2026',
      'newest verified',
    ],
    '11-22T09': ['hourly 2026-11-22 09h UTC+00:00'],
    '11-21T10': ['daily 2026-11-21'],
    '11-15T10': ['weekly 2026-W46'],
    '10-31T10': ['monthly 2026-10'],
  });
});

test('a rule that is not full keeps the oldest too, so that history grows to what was asked for', () => {
  const backups = ['11-22T10', '11-22T09', '11-22T08'].map((time) => backup(`2026-${time}:00:00Z`));
  expect(kept(backups, { daily: 2 })).toEqual({
    '11-22T10': ['daily 2026-11-22', 'newest verified'],
    '11-22T08': ['oldest daily 2026-11-22'],
  });
});

test('within counts from the newest backup, so a job that stopped loses nothing more', () => {
  const backups = ['11-01T10', '11-01T00', '10-31T10', '10-31T09'].map((time) =>
    backup(`2026-${time}:00:00Z`),
  );
  expect(kept(backups, { within: day })).toEqual({
    '11-01T10': ['within 1 day', 'newest verified'],
    '11-01T00': ['within 1 day'],
  });
});

test('the day is that of the time zone', () => {
  const backups = ['11-22T06', '11-22T04', '11-21T06'].map((time) => backup(`2026-${time}:00:00Z`));
  expect(Object.keys(kept(backups, { daily: 2, timezone: 'America/New_York' }))).toEqual([
    '11-22T06',
    '11-22T04',
  ]);
  expect(Object.keys(kept(backups, { daily: 2, timezone: 'UTC' }))).toEqual(['11-22T06', '11-21T06']);
});

test.each([[{}], [{ last: 0 }], [{ daily: 0, within: 0 }]])(
  '%p is no rule, and keeps everything',
  (policy) => {
    expect(Object.keys(kept(sixHours, policy))).toHaveLength(6);
    expect(kept(sixHours, policy)['11-22T05']).toEqual(['no rule says otherwise']);
  },
);

test('safety backups stay for their time, and take no place of the others', () => {
  const backups = [
    backup('2026-11-22T11:00:00Z', { reason: 'safety' }),
    ...sixHours,
    backup('2026-11-15T12:00:01Z', { reason: 'safety' }),
    backup('2026-11-15T12:00:00Z', { reason: 'safety' }),
  ];
  expect(kept(backups, { last: 1 })).toEqual({
    '11-22T11': ['safety backup until 2026-11-29T11:00:00.000Z'],
    '11-22T10': ['last 1 of 1', 'newest verified'],
    '11-15T12': ['safety backup until 2026-11-22T12:00:01.000Z'],
  });
});

test('where there are only old safety backups, the newest of them stays', () => {
  const old = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'].map((time) =>
    backup(time, { reason: 'safety' }),
  );
  expect(kept(old, { last: 1 })).toEqual({ '01-02T00': ['newest verified'] });
});

test('what a kept backup refers to stays as a whole, through chains', () => {
  const backups = [
    backup('2026-11-22T10:00:00Z', { refersTo: ['20261122T080000Z'] }),
    backup('2026-11-22T09:00:00Z', { refersTo: ['20261122T080000Z'] }),
    backup('2026-11-22T08:00:00Z', { refersTo: ['20261122T060000Z'] }),
    backup('2026-11-22T07:00:00Z'),
    backup('2026-11-22T06:00:00Z'),
  ];
  expect(kept(backups, { last: 1 })).toEqual({
    '11-22T10': ['last 1 of 1', 'newest verified'],
    '11-22T08': ['holds the data of 20261122T100000Z'],
    '11-22T06': ['holds the data of 20261122T080000Z'],
  });
  expect(kept(backups, { last: 2 })['11-22T08']).toEqual([
    'holds the data of 20261122T100000Z and 1 earlier',
  ]);
});

test('backups from the future stay and take no place: the clock was wrong, then or now', () => {
  const backups = [backup('2027-01-01T00:00:00Z'), ...sixHours];
  expect(kept(backups, { last: 1 })).toEqual({
    '01-01T00': ['its time is in the future'],
    '11-22T10': ['last 1 of 1', 'newest verified'],
  });
});

test('one that cannot be read stays, takes no place, and so does what may hold its data', () => {
  const backups = [
    backup('2026-11-22T10:00:00Z'),
    backup('2026-11-22T09:00:00Z', { state: 'unreadable' }),
    backup('2026-11-22T08:30:00Z', { reason: 'safety' }),
    backup('2026-11-22T08:00:00Z', { refersTo: ['20261122T060000Z'] }),
    backup('2026-11-22T07:00:00Z'),
    backup('2026-11-22T06:00:00Z'),
  ];
  expect(kept(backups, { last: 1, safety: 0 })).toEqual({
    '11-22T10': ['last 1 of 1', 'newest verified'],
    '11-22T09': ['its manifest cannot be read: look at it, then delete it by hand'],
    '11-22T08': ['may hold the data of 20261122T090000Z'],
    '11-22T06': ['holds the data of 20261122T080000Z'],
  });
});

test('nothing to keep is nothing', () => {
  expect(kept([], { last: 3 })).toEqual({});
});

describe('what is not good', () => {
  const days = (changes: Readonly<Record<string, Partial<Retained>>>) =>
    ['22', '21', '20', '19', '18'].map((at) => backup(`2026-11-${at}T10:00:00Z`, changes[at]));

  test('never takes the place of a good one, and stays as long as if it were good', () => {
    const backups = days({ '21': { damaged: true }, '20': { suspicious: true }, '18': { damaged: true } });
    expect(kept(backups, { last: 2 })).toEqual({
      '11-22T10': ['last 1 of 2', 'newest verified'],
      '11-21T10': ['last 2 of 2'],
      '11-19T10': ['last 2 of 2'],
    });
  });

  test('is no reason to prune while it is the newest', () => {
    const all = kept(days({ '22': { damaged: true } }), { last: 1 });
    expect(Object.keys(all)).toHaveLength(5);
    expect(all['11-18T10']).toEqual(['the newest backup, 20261122T100000Z, is damaged']);
  });

  test('does not count for `at_least`', () => {
    const backups = days({ '21': { damaged: true }, '20': { suspicious: true } });
    expect(Object.keys(kept(backups, { last: 1, atLeast: 3 })).sort()).toEqual([
      '11-18T10',
      '11-19T10',
      '11-22T10',
    ]);
  });
});
