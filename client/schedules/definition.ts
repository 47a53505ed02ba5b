import type { Config, JobConfig, ScheduleSettings } from '../../config/config.ts';
import type { BackupInput } from '../../workflows/contract/backup.ts';
import { backupId, backupScheduleId } from '../../workflows/contract/names.ts';
import { startingBackup } from '../../workflows/contract/starting.ts';

/** What makes a backup schedule, field by field as people read it. Equal texts mean equal schedules. */
export interface ScheduleFields {
  readonly cron: string;
  readonly 'time zone': string;
  readonly jitter: string;
  readonly 'catch-up window': string;
  readonly overlap: string;
  readonly 'pause on failure': string;
  readonly workflow: string;
  readonly 'workflow id': string;
  readonly 'task queue': string;
  readonly input: string;
  readonly summary: string;
  readonly 'search attributes': string;
}

/** The schedule that a job of the configuration should have. */
export interface WantedSchedule {
  readonly id: string;
  readonly job: string;
  readonly settings: ScheduleSettings;
  readonly action: BackupAction;
  readonly fields: ScheduleFields;
}

/** Runs never overlap: one that is due while another is still at work drops out. */
export const overlap = 'SKIP';
/** A schedule paused by one bad night would stay silent; a red run every night is seen. */
export const pauseOnFailure = false;

export function wantedSchedules(config: Config): readonly WantedSchedule[] {
  return [...config.jobs.values()]
    .filter((job): job is JobConfig & { schedule: ScheduleSettings } => job.schedule !== undefined)
    .map((job) => wantedSchedule(job, job.schedule));
}

function wantedSchedule(job: JobConfig, schedule: ScheduleSettings): WantedSchedule {
  const action = backupAction(job);
  return {
    id: backupScheduleId(job.name),
    job: job.name,
    settings: schedule,
    action,
    fields: {
      cron: schedule.cron,
      'time zone': schedule.timezone,
      jitter: exactDuration(schedule.jitter),
      'catch-up window': exactDuration(schedule.catchup),
      overlap,
      'pause on failure': String(pauseOnFailure),
      workflow: action.workflowType,
      'workflow id': action.workflowId,
      'task queue': action.taskQueue,
      input: JSON.stringify(action.args),
      summary: action.staticSummary,
      'search attributes': attributesText(action.typedSearchAttributes),
    },
  };
}

type BackupAction = ReturnType<typeof backupAction>;

/** How the schedule starts the workflow `backup`; Temporal appends `-<scheduled time>` to the id. */
function backupAction({ name, store }: JobConfig) {
  const starting = startingBackup(
    { job: name, store: store.kind },
    backupId(new Date(0)),
    'scheduled backup',
  );
  const input: BackupInput = { job: name };
  return {
    type: 'startWorkflow' as const,
    workflowType: starting.type,
    workflowId: `backup-${name}`,
    taskQueue: starting.taskQueue,
    args: [input],
    staticSummary: starting.staticSummary,
    typedSearchAttributes: starting.typedSearchAttributes,
  };
}

/** `HoldfastJob=consul, HoldfastStore=consul`. */
export function attributesText(
  attributes: readonly { readonly key: { readonly name: string }; readonly value: unknown }[],
): string {
  return attributes
    .map(({ key, value }) => `${key.name}=${String(value)}`)
    .sort()
    .join(', ');
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Milliseconds in the greatest unit that shows them exactly: `90s`, `2h`, `1500ms`. */
export function exactDuration(milliseconds: number): string {
  for (const [unit, size] of units) {
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return milliseconds === 0 ? '0s' : `${milliseconds}ms`;
}
