import { bytes, duration } from '../../../client/format.ts';
import { nextRuns, scheduleInWords } from '../../../client/schedules/status-text.ts';
import { deskText } from '../../../client/status-text.ts';
import { restoreWorkflowId } from '../../../workflows/contract/names.ts';
import { jobStatus } from '../go-cron.ts';
import type { GoCronRun } from '../go-cron-run.ts';
import { isTask, type JudgedJob } from '../state.ts';
import { durationPlot, linked, moment, sizePlot, timezoneOf, took } from './cells.ts';
import { type Html, html } from './html.ts';
import { badge } from './icon.ts';
import type { Links } from './links.ts';

/** All that is known of one job, besides its row in the table. */
export function jobDetails(judged: JudgedJob, links: Links, now: number): readonly (Html | undefined)[] {
  const { Running, Last } = jobStatus(judged);
  const sizes = isTask(judged) ? durationPlot(judged.status.recent) : sizePlot(judged.status.recent);
  return [
    facts(judged, links),
    ...Object.values(Running).map((run) => output('What the run at work says', run)),
    judged.status.last && output('What the last run said', Last),
    sizes &&
      html`<h2>${isTask(judged) ? 'How long it took' : 'Sizes'} over time</h2>
        <div class="card large">${sizes}</div>`,
    runs(judged, links, now),
  ];
}

function facts(judged: JudgedJob, links: Links): Html {
  const { schedule } = judged.status;
  return html`<h2 class="wide">Facts</h2>
    <div class="card">
      <dl>
        <dt>Schedule</dt>
        <dd>
          ${schedule === undefined ? 'none' : linked(links.schedule(schedule.id), scheduleInWords(schedule))}
        </dd>
        ${
          schedule &&
          html`<dt>Next runs</dt>
            <dd>${schedule.paused ? 'none while it is paused' : nextRuns(schedule)}</dd>
            <dt>Dropped out</dt>
            <dd>
              ${schedule.skipped} because another run was at work; ${schedule.missed} missed while Temporal
              was away
            </dd>`
        }
        ${
          isTask(judged)
            ? undefined
            : html`<dt>Restore</dt>
                <dd>
                  ${linked(links.run(restoreWorkflowId(judged.job.name)), deskText(judged.status.restore))}
                </dd>`
        }
      </dl>
    </div> `;
}

function output(title: string, { Stdout, Stderr }: GoCronRun): Html | undefined {
  const text = [Stdout, Stderr]
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n');
  return text === ''
    ? undefined
    : html`<h2>${title}</h2>
        <div class="card"><pre>${text}</pre></div> `;
}

function runs(judged: JudgedJob, links: Links, now: number): Html | undefined {
  const { recent, schedule } = judged.status;
  if (recent.length === 0) return undefined;
  return html`<h2 id="runs">The last runs</h2>
    <div class="card">
      <table aria-labelledby="runs">
        <thead>
          <tr>
            <th scope="col">Ended</th>
            <th scope="col">How</th>
            <th scope="col">Took</th>
            ${isTask(judged) ? undefined : html`<th scope="col">Size</th>`}
            <th scope="col">Run</th>
          </tr>
        </thead>
        <tbody>
          ${recent.slice(0, 12).map(
            (run) =>
              html`<tr>
                <td data-label="Ended">${moment(run.endedAt, timezoneOf(schedule), now)}</td>
                <td data-label="How">${run.good ? badge('good', 'good') : badge('bad', 'failed')}</td>
                <td data-label="Took">${duration(took(run))}</td>
                ${isTask(judged) ? undefined : html`<td data-label="Size">${run.bytes === undefined ? '-' : bytes(run.bytes)}</td>`}
                <td data-label="Run" class="full small">
                  ${linked(links.run(run.workflowId, run.runId), run.workflowId)}
                </td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>`;
}
