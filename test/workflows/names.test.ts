import * as names from '../../workflows/contract/names.ts';

test('names that histories, schedules and people rely on stay as they are', () => {
  const { backupIdPattern, ...others } = names;
  const constants = Object.fromEntries(
    Object.entries(others).filter(([, value]) => typeof value !== 'function'),
  );
  expect(constants).toEqual({
    controlQueue: 'holdfast',
    dataQueue: 'holdfast-data',
    commandQueue: 'holdfast-command',
    scrubQueue: 'holdfast-verify',
    ecsQueue: 'holdfast-ecs',
    workflowTypes: {
      backup: 'backup',
      restore: 'restore',
      task: 'task',
      drill: 'drill',
      verify: 'verify',
      watch: 'watch',
    },
    restoreMessages: {
      requestRestore: 'requestRestore',
      approve: 'approve',
      decline: 'decline',
      status: 'status',
    },
    memoFields: { writes: 'holdfastWrites', waitsFor: 'holdfastWaitsFor' },
    watchMessages: { test: 'test' },
    watchWorkflowId: 'holdfast-watch',
    watchMemo: 'holdfastWatch',
    searchAttributes: {
      HoldfastJob: 'KEYWORD',
      HoldfastStore: 'KEYWORD',
      HoldfastBackupId: 'KEYWORD',
      HoldfastVerified: 'BOOL',
      HoldfastBytes: 'INT',
    },
  });
  const id = names.backupId(new Date('2026-11-22T04:15:00.999Z'));
  expect(id).toBe('20261122T041500Z');
  expect(backupIdPattern.test(id)).toBe(true);
  expect(names.timeOfBackupId(id).toISOString()).toBe('2026-11-22T04:15:00.000Z');
  expect(names.backupWorkflowId('consul', id)).toBe('backup-consul-2026-11-22T04:15:00Z');
  expect(names.captureQueue('backup-consul-2026-11-22T04:15:00Z')).toBe(
    'holdfast-capture-backup-consul-2026-11-22T04:15:00Z',
  );
  expect(names.backupScheduleId('consul')).toBe('holdfast-backup-consul');
  expect(names.taskWorkflowId('rotate', id)).toBe('task-rotate-2026-11-22T04:15:00Z');
  expect(names.taskScheduleId('rotate')).toBe('holdfast-task-rotate');
  expect(names.drillWorkflowId('consul', id)).toBe('drill-consul-2026-11-22T04:15:00Z');
  expect(names.drillScheduleId('consul')).toBe('holdfast-drill-consul');
  expect(names.verifyWorkflowId('consul', id)).toBe('verify-consul-2026-11-22T04:15:00Z');
  expect(names.verifyScheduleId('consul')).toBe('holdfast-verify-consul');
  expect(names.restoreWorkflowId('consul')).toBe('restore-consul');
});

test('a schedule says by its id what it starts', () => {
  expect(names.kindOfSchedule('consul', names.backupScheduleId('consul'))).toBe('backup');
  expect(names.kindOfSchedule('rotate', names.taskScheduleId('rotate'))).toBe('task');
  expect(names.kindOfSchedule('consul', names.drillScheduleId('consul'))).toBe('drill');
  expect(names.kindOfSchedule('consul', names.verifyScheduleId('consul'))).toBe('verify');
  expect(names.kindOfSchedule('consul', 'holdfast-drill-consul-2')).toBeUndefined();
});
