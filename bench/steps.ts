import type { WorkflowHandle } from '@temporalio/client';

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Seconds between the scheduling and the end of each activity of a run, by its name: what its history says. */
export function stepsOf(events: readonly HistoryEvent[]): Readonly<Record<string, number>> {
  const scheduled = new Map<number, { readonly name: string; readonly at: number }>();
  const steps: Record<string, number> = {};
  for (const event of events) {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (typeof name === 'string') scheduled.set(Number(event.eventId), { name, at: secondsOf(event) });
    const first = scheduled.get(Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? -1));
    if (first !== undefined) steps[first.name] = (steps[first.name] ?? 0) + secondsOf(event) - first.at;
  }
  return steps;
}

function secondsOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) + (eventTime?.nanos ?? 0) / 1e9;
}
