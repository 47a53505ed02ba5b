import type { ScheduleFields, WantedSchedule } from './definition.ts';
import type { LiveSchedule } from './live.ts';

export interface FieldChange {
  readonly field: keyof ScheduleFields;
  readonly from: string;
  readonly to: string;
}

/** What is to be done about one schedule. */
export type ScheduleStep =
  | { readonly kind: 'create'; readonly wanted: WantedSchedule }
  | {
      readonly kind: 'change';
      readonly wanted: WantedSchedule;
      readonly live: LiveSchedule;
      readonly changes: readonly FieldChange[];
    }
  | { readonly kind: 'keep'; readonly live: LiveSchedule }
  /** Holdfast's own, of a job that the configuration no longer schedules. */
  | { readonly kind: 'remove'; readonly live: LiveSchedule }
  /** Its name is taken by a schedule that Holdfast did not make, which is not touched. */
  | { readonly kind: 'blocked'; readonly wanted: WantedSchedule };

/** By id; pauses and notes are a person's and never part of the difference. */
export function differences(
  wanted: readonly WantedSchedule[],
  live: readonly LiveSchedule[],
): readonly ScheduleStep[] {
  const liveById = new Map(live.map((schedule) => [schedule.id, schedule]));
  const wantedIds = new Set(wanted.map(({ id }) => id));
  const removals = live
    .filter(({ id, job }) => job !== undefined && !wantedIds.has(id))
    .map((schedule): ScheduleStep => ({ kind: 'remove', live: schedule }));
  return [...wanted.map((schedule) => stepFor(schedule, liveById.get(schedule.id))), ...removals];
}

export function stepFor(wanted: WantedSchedule, live: LiveSchedule | undefined): ScheduleStep {
  if (live === undefined) return { kind: 'create', wanted };
  if (live.job !== wanted.job) return { kind: 'blocked', wanted };
  const changes = changedFields(live.fields, wanted.fields);
  return changes.length === 0 ? { kind: 'keep', live } : { kind: 'change', wanted, live, changes };
}

function changedFields(from: ScheduleFields, to: ScheduleFields): readonly FieldChange[] {
  const fields = Object.keys(to) as (keyof ScheduleFields)[];
  return fields
    .filter((field) => from[field] !== to[field])
    .map((field) => ({ field, from: from[field], to: to[field] }));
}
