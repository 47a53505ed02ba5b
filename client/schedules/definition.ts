import type { Config, JobConfig, ScheduleSettings, TaskConfig } from '../../config/config.ts';
import type { BackupInput } from '../../workflows/contract/backup.ts';
import type { DrillInput } from '../../workflows/contract/drill.ts';
import {
  backupId,
  backupScheduleId,
  drillScheduleId,
  taskScheduleId,
  verifyScheduleId,
} from '../../workflows/contract/names.ts';
import {
  type Starting,
  startingBackup,
  startingDrill,
  startingTask,
  startingVerify,
} from '../../workflows/contract/starting.ts';
import type { ScrubInput } from '../../workflows/contract/scrub.ts';
import type { TaskInput } from '../../workflows/contract/task.ts';
import { cronText } from './times.ts';

/** What makes a schedule, field by field as people read it. Equal texts mean equal schedules. */
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
  readonly action: ScheduledAction;
  readonly fields: ScheduleFields;
}

/** Runs never overlap: one that is due while another is still at work drops out. */
export const overlap = 'SKIP';
/** A schedule paused by one bad night would stay silent; a red run every night is seen. */
export const pauseOnFailure = false;

export function wantedSchedules({ jobs, tasks }: Config): readonly WantedSchedule[] {
  return [
    ...[...jobs.values()].flatMap((job) => [
      ...wantedSchedule(job.name, backupScheduleId(job.name), job.schedule, () => backupAction(job)),
      ...wantedSchedule(job.name, drillScheduleId(job.name), job.drill.schedule, () => drillAction(job)),
      ...wantedSchedule(job.name, verifyScheduleId(job.name), job.verify?.schedule, () => verifyAction(job)),
    ]),
    ...[...tasks.values()].flatMap((task) =>
      wantedSchedule(task.name, taskScheduleId(task.name), task.schedule, () => taskAction(task)),
    ),
  ];
}

function wantedSchedule(
  job: string,
  id: string,
  settings: ScheduleSettings | undefined,
  actionOfRun: () => ScheduledAction,
): WantedSchedule[] {
  if (settings === undefined) return [];
  const action = actionOfRun();
  const fields: ScheduleFields = {
    cron: cronText(settings),
    'time zone': settings.timezone,
    jitter: exactDuration(settings.jitter),
    'catch-up window': exactDuration(settings.catchup),
    overlap,
    'pause on failure': String(pauseOnFailure),
    workflow: action.workflowType,
    'workflow id': action.workflowId,
    'task queue': action.taskQueue,
    input: JSON.stringify(action.args),
    summary: action.staticSummary,
    'search attributes': attributesText(action.typedSearchAttributes),
  };
  return [{ id, job, settings, action, fields }];
}

type ScheduledAction = ReturnType<typeof actionOf>;

function backupAction({ name, store }: JobConfig): ScheduledAction {
  const input: BackupInput = { job: name };
  const job = { job: name, store: store.kind };
  return actionOf(startingBackup(job, backupId(new Date(0)), 'scheduled backup'), `backup-${name}`, input);
}

function drillAction({ name, store }: JobConfig): ScheduledAction {
  const input: DrillInput = { job: name };
  const job = { job: name, store: store.kind };
  return actionOf(startingDrill(job, backupId(new Date(0)), 'scheduled drill'), `drill-${name}`, input);
}

function verifyAction({ name, store }: JobConfig): ScheduledAction {
  const input: ScrubInput = { job: name };
  const job = { job: name, store: store.kind };
  const starting = startingVerify(job, backupId(new Date(0)), 'scheduled verification');
  return actionOf(starting, `verify-${name}`, input);
}

function taskAction({ name, work }: TaskConfig): ScheduledAction {
  const input: TaskInput = { job: name };
  const task = { job: name, kind: work.kind };
  return actionOf(startingTask(task, backupId(new Date(0)), 'scheduled task'), `task-${name}`, input);
}

/** How a schedule starts a workflow; Temporal appends `-<scheduled time>` to the id. */
function actionOf(
  { type, taskQueue, staticSummary, typedSearchAttributes }: Starting,
  workflowId: string,
  input: BackupInput | DrillInput | ScrubInput | TaskInput,
) {
  return {
    type: 'startWorkflow' as const,
    ...{ workflowType: type, workflowId, taskQueue, args: [input], staticSummary, typedSearchAttributes },
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
