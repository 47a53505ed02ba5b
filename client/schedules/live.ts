import { createHash } from 'node:crypto';
import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { msToTs, tsToDate } from '@temporalio/common/lib/time.js';
import { kindOfSchedule } from '../../workflows/contract/names.ts';
import { attributesText, exactDuration, type ScheduleFields } from './definition.ts';

/**
 * Marks, in Temporal's memos. The server gives a cron text back as compiled calendars only, so the text is kept
 * beside it, with a digest of what it was compiled to: times that somebody edited by hand no longer match.
 * `ownerMemo` stands on the schedule and can't be changed there; the others stand on its action, and so on every
 * run that it starts.
 */
export const ownerMemo = 'holdfastJob';
export const cronMemo = 'holdfastCron';
export const timesMemo = 'holdfastTimes';

/** A schedule as Temporal has it now. */
export interface LiveSchedule {
  readonly id: string;
  /** The job it was made for; undefined where Holdfast did not make it. */
  readonly job: string | undefined;
  readonly fields: ScheduleFields;
  readonly paused: boolean;
  /** Why it is paused, or whatever a person noted. */
  readonly note: string;
  /** With jitter, as they will happen. */
  readonly nextRuns: readonly Date[];
  /** Runs that dropped out because another one was at work. */
  readonly skipped: number;
  /** Runs that Temporal was too late for, by more than the catch-up window. */
  readonly missed: number;
  /** When it was made, or last made another; pauses do not count. */
  readonly changedAt: Date;
}

/** Undefined where there is none. */
export async function readSchedule(client: Client, id: string): Promise<LiveSchedule | undefined> {
  try {
    return toLive(await client.schedule.getHandle(id).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** The first times after `from`, and up to `to`, at which a run was due; without jitter, at most a thousand. */
export async function dueTimes(
  client: Client,
  scheduleId: string,
  from: Date,
  to: Date,
): Promise<readonly Date[]> {
  const { namespace } = client.options;
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace,
    scheduleId,
    startTime: msToTs(from.getTime()),
    endTime: msToTs(to.getTime()),
  });
  return startTime.map(tsToDate).filter((time) => time > from);
}

/** The ids of all schedules in the namespace that carry Holdfast's mark. Temporal's list can lag by a second. */
export async function listOwnSchedules(client: Client): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { scheduleId, memo } of client.schedule.list()) {
    const job = memo?.[ownerMemo];
    if (typeof job === 'string' && kindOfSchedule(job, scheduleId) !== undefined) ids.push(scheduleId);
  }
  return ids.sort();
}

/** SHA-256 (hex) of the times as the server compiled them. */
export function timesDigest({
  calendars,
  intervals,
  skip,
  startAt,
  endAt,
}: ScheduleDescription['spec']): string {
  return createHash('sha256')
    .update(JSON.stringify([calendars, intervals, skip, startAt, endAt]))
    .digest('hex');
}

function toLive({
  scheduleId,
  spec,
  action,
  policies,
  state,
  info,
  memo,
}: ScheduleDescription): LiveSchedule {
  const job = memo?.[ownerMemo];
  return {
    id: scheduleId,
    job: typeof job === 'string' ? job : undefined,
    fields: {
      cron: liveCron(spec, action.memo),
      'time zone': spec.timezone ?? 'UTC',
      jitter: exactDuration(spec.jitter ?? 0),
      'catch-up window': exactDuration(policies.catchupWindow),
      overlap: policies.overlap ?? '',
      'pause on failure': String(policies.pauseOnFailure),
      workflow: action.workflowType,
      'workflow id': action.workflowId,
      'task queue': action.taskQueue,
      input: JSON.stringify(action.args),
      summary: action.staticSummary ?? '',
      'search attributes': liveAttributes(action.typedSearchAttributes),
    },
    paused: state.paused,
    note: state.note ?? '',
    nextRuns: info.nextActionTimes,
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    changedAt: info.lastUpdatedAt ?? info.createdAt,
  };
}

function liveCron(spec: ScheduleDescription['spec'], memo: Record<string, unknown> | undefined): string {
  const cron = memo?.[cronMemo];
  if (typeof cron === 'string' && memo?.[timesMemo] === timesDigest(spec)) return cron;
  return 'edited by hand';
}

function liveAttributes(attributes: ScheduleDescription['action']['typedSearchAttributes']): string {
  return attributesText(
    attributes instanceof TypedSearchAttributes ? attributes.getAll() : (attributes ?? []),
  );
}
