import { type Html, html } from './html.ts';
import { favicon, icon, type Mood } from './icon.ts';
import { styleElement } from './style.ts';

export interface PageParts {
  readonly title: string;
  /** How all of it stands, in one sentence. */
  readonly statement: string;
  readonly mood: Mood;
  /** What stands above the statement. */
  readonly brand: Html;
  readonly content: readonly (Html | undefined)[];
  /** `2026-11-22 04:15:00 UTC`. */
  readonly readAt: string;
}

/** A whole page. It loads nothing, and again by itself every minute. */
export function page({ title, statement, mood, brand, content, readAt }: PageParts): string {
  const text = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="refresh" content="60" />
        <title>${title}</title>
        <link rel="icon" href="${favicon(mood)}" />
        ${styleElement}
      </head>
      <body>
        <header>
          <p class="brand">${brand}</p>
          <h1>${icon(mood)}${statement}</h1>
        </header>
        <main>${content}</main>
        <footer>
          <span>As Temporal knew it at ${readAt}</span>
          <span>Whoever does not ask for HTML gets JSON</span>
        </footer>
      </body>
    </html> `;
  return text.html;
}
