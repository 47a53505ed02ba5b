import { localTime } from '../../../client/time.ts';
import { counted } from '../../../client/format.ts';
import { isBackup, isTask, type JudgedJob, type State } from '../state.ts';
import { approvals } from './approvals.ts';
import { page } from './document.ts';
import { html } from './html.ts';
import { icon, moodOf } from './icon.ts';
import { jobDetails } from './job.ts';
import type { Links } from './links.ts';
import { problemNotes } from './notes.ts';
import { backupTable, taskTable } from './tables.ts';

/** The page of all jobs, for people. */
export function overviewPage(state: State, links: Links): string {
  if (state.unreachable !== undefined) return silentPage(state, 'all jobs');
  const { jobs, alarms } = state;
  const now = state.readAt.getTime();
  const bad = jobs.filter(({ problems }) => problems.length > 0).length;
  const statement =
    bad === 0 && alarms.length > 0
      ? 'The jobs are well, and their alarms need attention'
      : bad === 0
        ? jobs.length === 1
          ? 'The job is well'
          : `All ${jobs.length} jobs are well`
        : `${bad} of ${counted(jobs.length, 'job')} ${bad === 1 ? 'needs' : 'need'} attention`;
  return page({
    title: `Holdfast: ${statement}`,
    statement,
    mood: alarms.length > 0 ? 'bad' : moodOf(jobs.flatMap(({ problems }) => problems)),
    brand: html`Holdfast`,
    content: [
      problemNotes(jobs, alarms),
      ...approvals(jobs.filter(isBackup), links),
      backupTable(jobs.filter(isBackup), now),
      taskTable(jobs.filter(isTask), now),
    ],
    readAt: localTime(state.readAt, 'UTC'),
  });
}

/** The page of one job. */
export function jobPage(judged: JudgedJob, state: State, links: Links): string {
  const { job, problems } = judged;
  const now = state.readAt.getTime();
  const statement = `${job.name} ${problems.length === 0 ? 'is well' : 'needs attention'}`;
  return page({
    title: `Holdfast: ${statement}`,
    statement,
    mood: moodOf(problems),
    brand: html`<a href="/">Holdfast</a>`,
    content: [
      problemNotes([judged]),
      ...(isTask(judged) ? [] : approvals([judged], links)),
      isTask(judged) ? taskTable([judged], now) : backupTable([judged], now),
      ...jobDetails(judged, links, now),
    ],
    readAt: localTime(state.readAt, 'UTC'),
  });
}

/** Where Temporal does not answer: nothing is known of `what` then. */
export function silentPage({ unreachable, readAt }: State, what: string): string {
  const statement = 'Temporal does not answer';
  return page({
    title: `Holdfast: ${statement}`,
    statement,
    mood: 'bad',
    brand: html`<a href="/">Holdfast</a>`,
    content: [
      html`<ul class="notes">
        <li class="bad">
          ${icon('bad')}
          <p>Nothing is known of ${what}. ${unreachable}</p>
        </li>
      </ul>`,
    ],
    readAt: localTime(readAt, 'UTC'),
  });
}
