import { type Html, html } from './html.ts';
import { icon, moodOf } from './icon.ts';
import type { WatchProblem } from '../../../client/watch.ts';
import type { JudgedJob } from '../state.ts';

/** What is wrong, in sentences. */
export function problemNotes(
  jobs: readonly JudgedJob[],
  alarms: readonly WatchProblem[] = [],
): Html | undefined {
  const notes = [
    ...alarms.map(({ text }) => ({ mood: 'bad' as const, text })),
    ...jobs
      .flatMap(({ problems }) => problems)
      .map((problem) => ({ mood: moodOf([problem]), text: problem.text })),
  ];
  if (notes.length === 0) return undefined;
  return html`<ul class="notes" aria-label="What needs attention">
    ${notes.map(
      ({ mood, text }) =>
        html`<li class="${mood}">
          ${icon(mood)}
          <p>${text}</p>
        </li>`,
    )}
  </ul>`;
}
