import { bytes, duration } from '../../../client/format.ts';
import { ago } from '../../../client/schedules/status-text.ts';
import type { LiveSchedule } from '../../../client/schedules/live.ts';
import { localTime } from '../../../client/time.ts';
import type { RecentRun } from '../../../client/runs.ts';
import type { JudgedJob } from '../state.ts';
import { type Html, html } from './html.ts';
import { badge, moodOf } from './icon.ts';
import { plot } from './plot.ts';

/** Pieces that the tables of backups and of tasks share. */

export function linked(address: string | undefined, text: string | Html): Html {
  return address === undefined ? html`${text}` : html`<a href="${address}">${text}</a>`;
}

/** `atWork` says how far each run at work is. */
export function stateCell({ problems, status }: JudgedJob, atWork: readonly string[]): Html {
  const rest = status.last === undefined ? badge('none', 'no run yet') : badge('good', 'good');
  const wrong = problems.map((problem) => badge(moodOf([problem]), problem.kind));
  const busy = atWork.map((text) => html`${badge('busy', 'at work')}<span class="under">${text}</span>`);
  return html`<td class="full">${wrong.length === 0 ? rest : wrong}${busy}</td>`;
}

/** `3m ago`, with the moment itself below. */
export function moment(time: Date, timezone: string, now: number): Html {
  const distance = time.getTime() > now ? `in ${duration(time.getTime() - now)}` : `${ago(time, now)} ago`;
  return html`<time datetime="${time.toISOString()}"
    >${distance}<span class="under">${localTime(time, timezone)}</span></time
  >`;
}

export function nextCell(schedule: LiveSchedule | undefined, now: number): Html {
  const [next] = schedule?.nextRuns ?? [];
  const content =
    schedule === undefined
      ? html`<span class="quiet">by hand only</span>`
      : schedule.paused
        ? html`<span class="quiet">none while it is paused</span>`
        : next === undefined
          ? html`<span class="quiet">none</span>`
          : moment(next, schedule.fields['time zone'], now);
  return html`<td data-label="Next run">${content}</td>`;
}

export function timezoneOf(schedule: LiveSchedule | undefined): string {
  return schedule?.fields['time zone'] ?? 'UTC';
}

/** Sizes of the backups over time. */
export function sizePlot(recent: readonly RecentRun[]): Html | undefined {
  const sizes = recent.flatMap(({ good, bytes: size }) => (good && size !== undefined ? [size] : []));
  const [latest] = sizes;
  if (latest === undefined) return undefined;
  const failed = recent.filter(({ good }) => !good).length;
  const label =
    `Sizes of the last ${sizes.length} good backups: now ${bytes(latest)}, from ${bytes(Math.min(...sizes))} to ` +
    `${bytes(Math.max(...sizes))}; ${failed} failed`;
  return plot(
    recent.map(({ endedAt, good, bytes: size }) => ({ at: endedAt, value: good ? size : undefined })),
    label,
  );
}

/** How long the runs of a task took, over time. */
export function durationPlot(recent: readonly RecentRun[]): Html | undefined {
  const times = recent.filter(({ good }) => good).map(took);
  if (times.length === 0) return undefined;
  const failed = recent.length - times.length;
  const label =
    `How long the last ${times.length} good runs took: from ${duration(Math.min(...times))} to ` +
    `${duration(Math.max(...times))}; ${failed} failed`;
  return plot(
    recent.map((run) => ({ at: run.endedAt, value: run.good ? took(run) : undefined })),
    label,
  );
}

export function took({ startedAt, endedAt }: Pick<RecentRun, 'startedAt' | 'endedAt'>): number {
  return endedAt.getTime() - startedAt.getTime();
}
