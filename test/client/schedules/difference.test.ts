import { exactDuration, type ScheduleFields, wantedSchedules } from '../../../client/schedules/definition.ts';
import { differences } from '../../../client/schedules/difference.ts';
import type { LiveSchedule } from '../../../client/schedules/live.ts';
import { backupId, backupWorkflowId } from '../../../workflows/contract/names.ts';
import { configWith, schedule } from '../settings.ts';

const [wanted] = wantedSchedules(configWith({ a: schedule('0 1 * * *'), unscheduled: undefined }));
if (wanted === undefined) throw new Error('one is wanted');

function live(fields: Partial<ScheduleFields> = {}, others: Partial<LiveSchedule> = {}): LiveSchedule {
  const same = { id: 'holdfast-backup-a', job: 'a', paused: false, note: '', nextRuns: [] };
  const past = { changedAt: new Date(0), skipped: 0, missed: 0 };
  return { ...same, ...past, fields: { ...wantedFields(), ...fields }, ...others };
}

function wantedFields(): ScheduleFields {
  if (wanted === undefined) throw new Error('one is wanted');
  return wanted.fields;
}

test('only jobs with a schedule want one', () => {
  expect(wantedSchedules(configWith({ unscheduled: undefined }))).toEqual([]);
});

test('the id that the schedule gives its runs becomes the one of a backup', () => {
  const time = new Date('2026-11-22T04:15:00Z');
  expect(`${wanted.fields['workflow id']}-2026-11-22T04:15:00Z`).toBe(backupWorkflowId('a', backupId(time)));
});

test('what is not there is created', () => {
  expect(differences([wanted], [])).toEqual([{ kind: 'create', wanted }]);
});

test('what is the same is kept, paused or not', () => {
  const paused = live({}, { paused: true, note: 'at work' });
  expect(differences([wanted], [paused])).toEqual([{ kind: 'keep', live: paused }]);
});

test.each(Object.keys(wanted.fields) as (keyof ScheduleFields)[])('another %s is a change', (field) => {
  const other = live({ [field]: 'another' });
  expect(differences([wanted], [other])).toEqual([
    { kind: 'change', wanted, live: other, changes: [{ field, from: 'another', to: wanted.fields[field] }] },
  ]);
});

test('its own that nobody wants any more is removed', () => {
  expect(differences([], [live()])).toEqual([{ kind: 'remove', live: live() }]);
});

test.each([undefined, 'b'])('one with its name that was made for %s is left alone', (job) => {
  const foreign = live({ cron: 'edited by hand' }, { job });
  expect(differences([wanted], [foreign])).toEqual([{ kind: 'blocked', wanted }]);
});

test('somebody else’s that nobody wants is left alone', () => {
  expect(differences([], [live({}, { job: undefined })])).toEqual([]);
});

test.each([
  [0, '0s'],
  [1, '1ms'],
  [1500, '1500ms'],
  [60_000, '1m'],
  [61_000, '61s'],
  [86_400_000, '1d'],
  [90_000_000, '25h'],
])('%d milliseconds are %s: no difference gets lost', (milliseconds, text) => {
  expect(exactDuration(milliseconds)).toBe(text);
});
