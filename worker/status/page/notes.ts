import { type Html, html } from './html.ts';
import { icon, moodOf } from './icon.ts';
import type { JudgedJob } from '../state.ts';

/** What is wrong, in sentences. */
export function problemNotes(jobs: readonly JudgedJob[]): Html | undefined {
  const notes = jobs.flatMap(({ problems }) => problems);
  if (notes.length === 0) return undefined;
  return html`<ul class="notes" aria-label="What needs attention">
    ${notes.map((problem) => {
      const mood = moodOf([problem]);
      return html`<li class="${mood}">
        ${icon(mood)}
        <p>${problem.text}</p>
      </li>`;
    })}
  </ul>`;
}
