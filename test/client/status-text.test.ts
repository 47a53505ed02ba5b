import type { LiveSchedule } from '../../client/schedules/live.ts';
import { wantedSchedules } from '../../client/schedules/definition.ts';
import type { JobStatus } from '../../client/status.ts';
import { statusLines, statusTable } from '../../client/status-text.ts';
import { configWith, schedule } from './settings.ts';

const now = Date.parse('2026-11-22T04:15:00Z');
const minutesAgo = (minutes: number): Date => new Date(now - minutes * 60_000);

const [wanted] = wantedSchedules(configWith({ consul: schedule('15 3 * * *') }));
if (wanted === undefined) throw new Error('one is wanted');
const live: LiveSchedule = {
  id: wanted.id,
  job: 'consul',
  fields: wanted.fields,
  paused: false,
  note: '',
  nextRuns: [new Date('2026-11-23T02:15:00Z')],
  skipped: 0,
  missed: 0,
  changedAt: minutesAgo(10_000),
};
const standingBy = { phase: 'standing by', pending: 0 } as const;
const idle: JobStatus = {
  job: 'consul',
  schedule: live,
  running: [],
  recent: [],
  due: [],
  dropped: [],
  restore: standingBy,
};
const run = { workflowId: 'backup-consul-x', runId: 'r', startedAt: minutesAgo(61), endedAt: minutesAgo(60) };
const content = { records: 12_345, bytes: 1_230_000, digest: '' };
const result = {
  job: 'consul',
  id: '20261122T031500Z',
  content,
  storedBytes: 3000,
  manifest: 's3://b/m',
  pruned: [],
};
const done: JobStatus = {
  ...idle,
  last: { ...run, id: result.id, result },
};

const well = (status: JobStatus) => ({ status, problems: [] });
const rowOf = (status: JobStatus): string => statusTable([well(status)], now, (text) => text)[1] ?? '';

test('the table has a job a line', () => {
  const bare: JobStatus = { job: 'bare', running: [], recent: [], due: [], dropped: [], restore: 'absent' };
  expect(statusTable([well(done), well(bare)], now, (text) => text)).toEqual([
    'JOB     STATE  SCHEDULE                  NEXT RUN  LAST BACKUP       AGO  RECORDS     SIZE  NOW  RESTORE',
    'consul  good   15 3 * * * Europe/Berlin  in 22h    20261122T031500Z   1h   12,345  1.23 MB  -    stands by',
    'bare    good   none                      -         none yet                                 -    does not stand by',
  ]);
});

test('a pause stands where the next run would', () => {
  expect(rowOf({ ...done, schedule: { ...live, paused: true, note: 'moving' } })).toContain(
    'PAUSED (moving)',
  );
  expect(rowOf({ ...done, schedule: { ...live, paused: true } })).toContain('PAUSED  ');
});

test('a failed run shows its code, and in full what happened', () => {
  const failure = { code: 'StoreUnreachable', message: 'nobody answers' } as const;
  const failed = { ...idle, last: { ...run, endedAt: minutesAgo(2), failure } };
  expect(rowOf(failed)).toContain('StoreUnreachable');
  expect(statusLines(well(failed), now)).toContain(
    '  last backup  FAILED backup-consul-x 2m ago (StoreUnreachable): nobody answers',
  );
});

test('a run at work shows its progress and its troubles', () => {
  const progress = { phase: 'reading', records: 10, bytes: 500, bytesTotal: 1000 } as const;
  const at = { workflowId: 'backup-consul-y', runId: 's', startedAt: minutesAgo(1) };
  const running: JobStatus = { ...done, running: [{ ...at, progress, troubles: ['no worker'] }] };
  expect(rowOf(running)).toContain('reading  50%  10 records  500 B');
  expect(statusLines(well(running), now)).toEqual(
    expect.arrayContaining([
      '  at work      backup-consul-y: reading  50%  10 records  500 B',
      '               no worker',
    ]),
  );
});

test.each([
  ['absent', 'does not stand by'],
  ['silent', 'stands by, but no worker answers'],
  [standingBy, 'stands by'],
  [{ phase: 'applying', pending: 2 }, 'applying, 2 more behind it'],
] as const)('the restore desk %j', (restore, text) => {
  expect(rowOf({ ...done, restore }).endsWith(text)).toBe(true);
});

test('a job is told in full', () => {
  expect(statusLines(well(done), now)).toEqual([
    'consul',
    '  state        good',
    '  schedule     15 3 * * * Europe/Berlin (every day at 03:15)',
    '  next runs    2026-11-23 03:15:00 CET',
    '  last backup  20261122T031500Z 1h ago, verified: 12,345 records, 1.23 MB, stored 3 kB; s3://b/m',
    '  restore      stands by',
  ]);
});

test('what is wrong stands first', () => {
  const problems = [
    { kind: 'stale', text: 'Nothing for days.' },
    { kind: 'paused', text: 'It is paused.' },
  ] as const;
  const judged = { status: done, problems };
  expect(statusTable([judged], now, (text) => text)[1]).toMatch(/^consul {2}STALE, PAUSED {2}15 3 /);
  expect(statusLines(judged, now).slice(0, 4)).toEqual([
    'consul',
    '  state        STALE, PAUSED',
    '               Nothing for days.',
    '               It is paused.',
  ]);
});
