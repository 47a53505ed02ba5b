import { bytes, counted, duration } from '../../../client/format.ts';
import type { JudgedBackup, JudgedTask } from '../../../client/health.ts';
import { progressText } from '../../../client/progress.ts';
import { timesInWords } from '../../../client/schedules/times.ts';
import type { LiveSchedule } from '../../../client/schedules/live.ts';
import { deskText } from '../../../client/status-text.ts';
import { durationPlot, moment, nextCell, sizePlot, stateCell, timezoneOf, took } from './cells.ts';
import { type Html, html } from './html.ts';

export function backupTable(jobs: readonly JudgedBackup[], now: number): Html | undefined {
  if (jobs.length === 0) return undefined;
  return html`<h2 id="backups">Backups</h2>
    <div class="card">
      <table aria-labelledby="backups">
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Last good backup</th>
            <th scope="col">Next run</th>
            <th scope="col">It holds</th>
            <th scope="col">Sizes over time</th>
            <th scope="col">Restore</th>
          </tr>
        </thead>
        <tbody>
          ${jobs.map((job) => backupRow(job, now))}
        </tbody>
      </table>
    </div>`;
}

function backupRow(judged: JudgedBackup, now: number): Html {
  const { job, status } = judged;
  const { schedule, lastGood, recent, restore, running } = status;
  const atWork = running.map(({ progress }) => (progress ? progressText(progress, progress, 0) : ''));
  const last =
    lastGood === undefined
      ? html`<span class="quiet">none yet</span>`
      : moment(lastGood.endedAt, timezoneOf(schedule), now);
  const sizes = sizePlot(recent);
  return html`<tr>
    <th scope="row">
      <a href="/jobs/${job.name}">${job.name}</a
      ><span class="under">${job.store.kind}${whenText(schedule)}</span>
    </th>
    ${stateCell(judged, atWork)}
    <td data-label="Last good backup">${last}</td>
    ${nextCell(schedule, now)}
    <td data-label="It holds">${holds(judged)}</td>
    <td data-label="Sizes over time" class="${sizes === undefined ? 'empty' : 'plots'}">${sizes}</td>
    <td data-label="Restore">${deskText(restore)}</td>
  </tr> `;
}

function holds({ status: { last, lastGood } }: JudgedBackup): Html {
  const content = last?.result?.content;
  if (content !== undefined)
    return html`${bytes(content.bytes)}<span class="under">${counted(content.records, 'record')}</span>`;
  return lastGood?.bytes === undefined
    ? html`<span class="quiet">nothing yet</span>`
    : html`${bytes(lastGood.bytes)}`;
}

export function taskTable(tasks: readonly JudgedTask[], now: number): Html | undefined {
  if (tasks.length === 0) return undefined;
  return html`<h2 id="tasks">Tasks</h2>
    <div class="card">
      <table aria-labelledby="tasks">
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">State</th>
            <th scope="col">Last good run</th>
            <th scope="col">Next run</th>
            <th scope="col">It took</th>
            <th scope="col">Durations</th>
          </tr>
        </thead>
        <tbody>
          ${tasks.map((task) => taskRow(task, now))}
        </tbody>
      </table>
    </div>`;
}

function taskRow(judged: JudgedTask, now: number): Html {
  const { job, status } = judged;
  const { schedule, lastGood, recent, running, kind } = status;
  const atWork = running.map(({ startedAt }) => `for ${duration(Math.max(0, now - startedAt.getTime()))}`);
  const last =
    lastGood === undefined
      ? html`<span class="quiet">none yet</span>`
      : moment(lastGood.endedAt, timezoneOf(schedule), now);
  const times = durationPlot(recent);
  return html`<tr>
    <th scope="row">
      <a href="/jobs/${job.name}">${job.name}</a><span class="under">${kind}${whenText(schedule)}</span>
    </th>
    ${stateCell(judged, atWork)}
    <td data-label="Last good run">${last}</td>
    ${nextCell(schedule, now)}
    <td data-label="It took">
      ${lastGood === undefined ? html`<span class="quiet">nothing yet</span>` : duration(took(lastGood))}
    </td>
    <td data-label="Durations" class="${times === undefined ? 'empty' : 'plots'}">${times}</td>
  </tr> `;
}

/** `, every day at 03:15`; the cron text where there are no words for it. */
function whenText(schedule: LiveSchedule | undefined): string {
  if (schedule === undefined) return '';
  const { cron } = schedule.fields;
  return `, ${timesInWords(cron) || cron}`;
}
