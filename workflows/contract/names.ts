/**
 * Names that other processes, old histories and people's habits rely on. They are a promise from the first
 * release: test/workflows/names.test.ts holds them fast.
 */

/** Workflows, and the activities that are quick. */
export const controlQueue = 'holdfast';
/** The activities that move bytes; a worker takes only a few of these at once. */
export const dataQueue = 'holdfast-data';
/** The commands of tasks; only workers whose configuration allows commands take from it. */
export const commandQueue = 'holdfast-command';
/** What reads stored backups back: for hours, so that it must not stand in the way of backups. */
export const scrubQueue = 'holdfast-verify';
/** What deals with tasks in ECS; it mostly waits, so a worker takes many of these at once. */
export const ecsQueue = 'holdfast-ecs';

export const workflowTypes = {
  backup: 'backup',
  restore: 'restore',
  task: 'task',
  drill: 'drill',
  verify: 'verify',
  watch: 'watch',
} as const;

/** Signals, updates (`approve` and `decline` are both) and the query of the workflow `restore`. */
export const restoreMessages = {
  requestRestore: 'requestRestore',
  approve: 'approve',
  decline: 'decline',
  status: 'status',
} as const;

/**
 * Memo fields of runs at work, by which backups and restores keep out of each other's way: the job whose store a
 * restore writes to, and the restore that a backup waits for.
 */
export const memoFields = { writes: 'holdfastWrites', waitsFor: 'holdfastWaitsFor' } as const;

/** The update of the workflow `watch`. */
export const watchMessages = { test: 'test' } as const;

/** One for all jobs: it observes them and sends alarms. */
export const watchWorkflowId = 'holdfast-watch';

/** The memo in which it says which channels fail. */
export const watchMemo = 'holdfastWatch';

/** Search attributes, registered when a worker starts. */
export const searchAttributes = {
  HoldfastJob: 'KEYWORD',
  HoldfastStore: 'KEYWORD',
  HoldfastBackupId: 'KEYWORD',
  HoldfastVerified: 'BOOL',
  HoldfastBytes: 'INT',
} as const;

/** A backup id: UTC, to the second, sorts by time: `20261122T041500Z`. */
export function backupId(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
}

export const backupIdPattern = /^\d{8}T\d{6}Z$/;

export function timeOfBackupId(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** A schedule adds `-<scheduled time>` by itself, in this very form. */
export function backupWorkflowId(job: string, id: string): string {
  return `backup-${job}-${timeOfBackupId(id).toISOString().replace('.000Z', 'Z')}`;
}

/** Of the one run that has this id: what a container serves that was started for it alone. */
export function captureQueue(workflowId: string): string {
  return `holdfast-capture-${workflowId}`;
}

export function backupScheduleId(job: string): string {
  return `holdfast-backup-${job}`;
}

/** One a job; it stands by, and continues as new after each restore. */
export function restoreWorkflowId(job: string): string {
  return `restore-${job}`;
}

/** As for a backup: a schedule adds `-<scheduled time>` by itself. `id` is in the form of a backup's. */
export function taskWorkflowId(job: string, id: string): string {
  return `task-${job}-${timeOfBackupId(id).toISOString().replace('.000Z', 'Z')}`;
}

export function taskScheduleId(job: string): string {
  return `holdfast-task-${job}`;
}

/** As for a backup: a schedule adds `-<scheduled time>` by itself. `id` is in the form of a backup's. */
export function drillWorkflowId(job: string, id: string): string {
  return `drill-${job}-${timeOfBackupId(id).toISOString().replace('.000Z', 'Z')}`;
}

export function drillScheduleId(job: string): string {
  return `holdfast-drill-${job}`;
}

/** As for a backup: a schedule adds `-<scheduled time>` by itself. `id` is in the form of a backup's. */
export function verifyWorkflowId(job: string, id: string): string {
  return `verify-${job}-${timeOfBackupId(id).toISOString().replace('.000Z', 'Z')}`;
}

export function verifyScheduleId(job: string): string {
  return `holdfast-verify-${job}`;
}

/** What a schedule starts. */
export type ScheduledKind = 'backup' | 'task' | 'drill' | 'verify';

const scheduleIds: Readonly<Record<ScheduledKind, (job: string) => string>> = {
  backup: backupScheduleId,
  task: taskScheduleId,
  drill: drillScheduleId,
  verify: verifyScheduleId,
};

export function scheduleId(kind: ScheduledKind, job: string): string {
  return scheduleIds[kind](job);
}

/** What the schedule with this id starts for this job; undefined where it is no name of Holdfast's. */
export function kindOfSchedule(job: string, id: string): ScheduledKind | undefined {
  const kinds = Object.keys(scheduleIds) as ScheduledKind[];
  return kinds.find((kind) => scheduleIds[kind](job) === id);
}
