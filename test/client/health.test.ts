import { drillProblemsOf, problemsOf, verifyProblemsOf } from '../../client/health.ts';
import { wantedSchedules } from '../../client/schedules/definition.ts';
import type { DrillStatus } from '../../client/drill-status.ts';
import type { ProofStatus } from '../../client/proof-status.ts';
import type { JobStatus } from '../../client/status.ts';
import type { Plan } from '../../workflows/contract/restore.ts';
import { configWith, schedule } from './settings.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const minutesAgo = (minutes: number): Date => new Date(now - minutes * 60_000);

const config = configWith({ hourly: schedule('15 * * * *'), 'by-hand': undefined });
const job = config.jobs.get('hourly');
const byHand = config.jobs.get('by-hand');
const [wanted] = wantedSchedules(config);
if (job === undefined || byHand === undefined || wanted === undefined) throw new Error('they are there');

const live = {
  id: wanted.id,
  job: 'hourly',
  fields: wanted.fields,
  paused: false,
  note: '',
  nextRuns: [],
  changedAt: minutesAgo(10_000),
  skipped: 0,
  missed: 0,
};
const run = { workflowId: 'w', runId: 'r', startedAt: minutesAgo(100), endedAt: minutesAgo(99) };
const good = { ...run, dueAt: minutesAgo(100), good: true, scheduled: true };
const bare: JobStatus = { job: 'hourly', running: [], recent: [], due: [], dropped: [], restore: 'absent' };
const neverRun: JobStatus = { ...bare, schedule: live };
const well: JobStatus = { ...neverRun, last: run, recent: [good], lastGood: good };
const kinds = (status: JobStatus, of = job): readonly string[] =>
  problemsOf(of, status, now).map(({ kind }) => kind);

test('all is well, also before the first run', () => {
  expect(kinds(well)).toEqual([]);
  expect(kinds(neverRun)).toEqual([]);
});

test('45: a run that failed is the worst, also while the next one is at work', () => {
  const failure = { code: 'StoreEmpty', message: 'It shows no keys.' } as const;
  const running = [{ workflowId: 'x', runId: 's', startedAt: minutesAgo(1), troubles: [] }];
  const failed = { ...well, last: { ...run, failure }, due: [minutesAgo(300)], running };
  expect(problemsOf(job, failed, now)).toEqual([
    { kind: 'failed', text: 'The last run of hourly failed. It shows no keys.' },
    expect.objectContaining({ kind: 'stale' }),
  ]);
});

// Its deadline is an hour, its jitter a minute; another minute is grace.
test.each([
  ['a run due a while ago', [30], 0, []],
  ['a run due for longer than its deadline and jitter', [63], 0, ['stale']],
  ['not a moment earlier', [61], 0, []],
  ['two runs due, nothing at work', [23, 3], 0, ['stale']],
  ['two runs due, the second just now', [23, 1], 0, []],
  ['two runs due, one at work', [23, 3], 1, []],
  ['one at work for too long', [63, 3], 1, ['stale']],
] as const)('45: stale: %s', (_what, due, atWork, expected) => {
  const running = Array.from({ length: atWork }, () => ({
    ...{ workflowId: 'x', runId: 's', startedAt: minutesAgo(60), troubles: [] },
  }));
  expect(kinds({ ...well, due: due.map(minutesAgo), running })).toEqual(expected);
});

test('45: what is stale says for how long, and since when', () => {
  expect(problemsOf(job, { ...well, due: [minutesAgo(90)] }, now)[0]?.text).toBe(
    'No run of hourly has ended well for 1h 39m, though one was due at 2026-11-22 11:30:00 CET.',
  );
  expect(problemsOf(job, { ...neverRun, due: [minutesAgo(90)] }, now)[0]?.text).toContain(
    'has ended well ever,',
  );
});

test('45: a schedule that is paused or missing', () => {
  expect(problemsOf(job, { ...well, schedule: { ...live, paused: true, note: 'moving' } }, now)).toEqual([
    { kind: 'paused', text: 'The schedule of hourly is paused (moving): it starts no runs.' },
  ]);
  expect(kinds(bare)).toEqual(['missing schedule']);
  expect(kinds(bare, byHand)).toEqual([]);
});

test('with stale_after the age of the last good run decides alone', () => {
  const strict = { ...job, staleAfter: 60 * 60_000 };
  expect(problemsOf(strict, well, now)).toEqual([
    {
      kind: 'stale',
      text: 'No run of hourly has ended well for 1h 39m; its stale_after is 1h.',
    },
  ]);
  const patient = { ...job, staleAfter: 100 * 60_000 };
  expect(kinds({ ...well, due: [minutesAgo(90)] }, patient)).toEqual([]);
});

test('with stale_after the time counts from when the schedule was made, where nothing ran yet', () => {
  const strict = { ...job, staleAfter: 60 * 60_000 };
  expect(kinds({ ...neverRun, schedule: { ...live, changedAt: minutesAgo(59) } }, strict)).toEqual([]);
  expect(kinds({ ...neverRun, schedule: { ...live, changedAt: minutesAgo(61) } }, strict)).toEqual(['stale']);
  expect(kinds(bare, { ...byHand, staleAfter: 60_000 })).toEqual(['stale']);
});

test('a newest backup that is suspicious', () => {
  const suspicious = { id: '20261122T101500Z', reasons: ['it is empty', 'it took long'] };
  expect(problemsOf(job, { ...well, suspicious }, now)).toEqual([
    {
      kind: 'suspicious',
      text:
        'The newest backup of hourly, 20261122T101500Z, is suspicious: it is empty; it took long. Nothing is pruned. ' +
        'Look at it (holdfast diff), and say holdfast trust hourly 20261122T101500Z if it is right.',
    },
  ]);
});

test('runs that dropped out between the last two', () => {
  expect(problemsOf(job, { ...well, dropped: [minutesAgo(30)] }, now)[0]?.text).toMatch(
    /^1 run of hourly that was due between the last two did not start, from 2026-11-22 12:30:00 CET on: /,
  );
  expect(kinds({ ...well, dropped: [minutesAgo(90), minutesAgo(30)] })).toEqual(['dropped runs']);
});

test('a restore that failed after it had a plan', () => {
  const failure = { code: 'RestoreConflict', message: 'It differs.' } as const;
  const last = {
    restoreId: 'r',
    requestId: 'q',
    outcome: 'failed',
    backup: 'b',
    finishedAt: '',
    failure,
  } as const;
  const desk = { phase: 'standing by', pending: 0 } as const;
  expect(kinds({ ...well, restore: { ...desk, last } })).toEqual([]);
  const plan = {} as Plan;
  expect(problemsOf(job, { ...well, restore: { ...desk, last: { ...last, plan } } }, now)).toEqual([
    expect.objectContaining({
      kind: 'restore failed',
      text: expect.stringContaining('It differs.') as unknown,
    }),
  ]);
});

describe('drills', () => {
  const scheduled = { ...job, drill: { ...job.drill, schedule: schedule('0 5 * * *') } };
  const of = (seen: DrillStatus | undefined, wanted: Parameters<typeof drillProblemsOf>[0] = scheduled) =>
    drillProblemsOf(wanted, seen, now).map(({ kind, text }) => `${kind}: ${text}`);
  const fine: DrillStatus = { schedule: live, running: [], due: [], last: run, lastGood: good };

  test('all is well, also where there are none', () => {
    expect(of(fine)).toEqual([]);
    expect(of(undefined, job)).toEqual([]);
  });

  test('one that failed, one that is overdue, a schedule that is paused or missing', () => {
    const failure = { code: 'DrillUnproven', message: 'A key differs.' } as const;
    expect(of({ ...fine, last: { ...run, failure } })).toEqual([
      'drill failed: The last drill of hourly failed. A key differs.',
    ]);
    expect(of({ ...fine, due: [minutesAgo(90)] })).toEqual([
      'drill stale: No drill of hourly has ended well for 1h 39m, though one was due at 2026-11-22 11:30:00 CET.',
    ]);
    expect(of({ ...fine, schedule: { ...live, paused: true } })).toEqual([
      'drill paused: The schedule of the drills of hourly is paused: no backup is proven by it.',
    ]);
    expect(of(undefined)).toEqual([
      'drill schedule missing: The configuration gives the drills of hourly a schedule (0 5 * * *), and Temporal has none: run holdfast start-schedule.',
    ]);
  });
});

describe('verifications', () => {
  const scheduled = { ...job, verify: { schedule: schedule('40 3 * * *'), slices: 7, deadline: 3_600_000 } };
  const of = (seen: ProofStatus | undefined, wanted: Parameters<typeof verifyProblemsOf>[0] = scheduled) =>
    verifyProblemsOf(wanted, seen, now).map(({ kind, text }) => `${kind}: ${text}`);
  const fine: ProofStatus = { schedule: live, running: [], due: [], last: run, lastGood: good };

  test('all is well, also where there are none', () => {
    expect(of(fine)).toEqual([]);
    expect(of(undefined, job)).toEqual([]);
  });

  test('damage that was found, and a run that failed otherwise', () => {
    const damaged = { code: 'BackupDamaged', message: '1 of 3 backups cannot be relied on.' } as const;
    expect(of({ ...fine, last: { ...run, failure: damaged } })).toEqual([
      'damaged: The last verification of hourly failed. 1 of 3 backups cannot be relied on.',
    ]);
    const failure = { code: 'StorageUnreachable', message: 'No answer.' } as const;
    expect(of({ ...fine, last: { ...run, failure } })).toEqual([
      'verify failed: The last verification of hourly failed. No answer.',
    ]);
  });

  test('one that is overdue, a schedule that is paused or missing', () => {
    expect(of({ ...fine, due: [minutesAgo(90)] })).toEqual([
      'verify stale: No verification of hourly has ended well for 1h 39m, though one was due at 2026-11-22 11:30:00 CET.',
    ]);
    expect(of({ ...fine, schedule: { ...live, paused: true } })).toEqual([
      'verify paused: The schedule of the verifications of hourly is paused: stored backups are not read back.',
    ]);
    expect(of(undefined)).toEqual([
      'verify schedule missing: The configuration gives the verifications of hourly a schedule (40 3 * * *), and Temporal has none: run holdfast start-schedule.',
    ]);
  });
});
