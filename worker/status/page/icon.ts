import type { Problem } from '../../../client/health.ts';
import { type Html, html } from './html.ts';

/** How things stand. Each has a shape of its own, so that colour is never all there is. */
export type Mood = 'good' | 'bad' | 'warn' | 'busy' | 'none';

const shapes: Readonly<Record<Mood, Html>> = {
  good: html`<circle cx="8" cy="8" r="6.6" /><path d="m5.1 8.2 2.1 2.1 3.9-4.4" />`,
  bad: html`<circle cx="8" cy="8" r="6.6" /><path d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6" />`,
  warn: html`<path d="M8 1.9 14.7 13.6H1.3Z" /><path d="M8 6.4v3.2m0 1.9v.1" />`,
  none: html`<path d="M4.5 8h7" />`,
  busy: html`<path d="M14.2 8A6.2 6.2 0 1 1 8 1.8" /><path d="M8 4.6V8l2.4 1.5" />`,
};

export function icon(mood: Mood): Html {
  return html`<svg
    class="icon ${mood}"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${shapes[mood]}
  </svg>`;
}

export function badge(mood: Mood, word: string): Html {
  return html`<span class="badge ${mood}">${icon(mood)}${word}</span> `;
}

/** What failed is bad; what may yet be meant so is a warning. */
export function moodOf(problems: readonly Pick<Problem, 'kind'>[]): Mood {
  if (problems.length === 0) return 'good';
  const bad: readonly Problem['kind'][] = ['failed', 'restore failed', 'damaged', 'drill failed', 'stale'];
  return problems.some(({ kind }) => bad.includes(kind)) ? 'bad' : 'warn';
}

const colours: Readonly<Record<Mood, string>> = {
  good: '#1a7f4e',
  bad: '#c93a1f',
  warn: '#c98a12',
  busy: '#1561b0',
  none: '#5c6670',
};

/** For the tab: full where all is well, a ring where it is not. */
export function favicon(mood: Mood): string {
  const circle =
    mood === 'good'
      ? `<circle cx="8" cy="8" r="7" fill="${colours.good}"/>`
      : `<circle cx="8" cy="8" r="5.5" fill="none" stroke="${colours[mood]}" stroke-width="4"/>`;
  const image = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${circle}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(image)}`;
}
