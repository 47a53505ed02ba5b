import { createHash } from 'node:crypto';
import type { Html } from './html.ts';

/** No script, no font, no image from elsewhere: the page is this, and its HTML. */
const style = `
:root {
  color-scheme: light dark;
  --ink: #1b2127; --quiet: #5c6670; --line: #e2e5e8; --paper: #f7f8f9; --card: #ffffff;
  --good: #1a7f4e; --bad: #b9280f; --warn: #8a5a00; --busy: #1561b0;
  --good-soft: #e6f4ec; --bad-soft: #fdebe7; --warn-soft: #fcf3dc; --busy-soft: #e8f1fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ec; --quiet: #9aa4ae; --line: #2b3238; --paper: #121619; --card: #1a1f24;
    --good: #5bc98f; --bad: #ff8f78; --warn: #e7b650; --busy: #7db5f0;
    --good-soft: #16301f; --bad-soft: #3a1b15; --warn-soft: #33270d; --busy-soft: #152a40;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
.brand { margin: 0; color: var(--quiet); font-size: .8rem; letter-spacing: .09em; text-transform: uppercase; }
h1 { margin: .15rem 0 0; font-size: 1.75rem; font-weight: 600; line-height: 1.25; letter-spacing: -.01em; }
h1 .icon { width: 1.5rem; height: 1.5rem; margin-right: .6rem; vertical-align: -.22rem; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1rem; font-weight: 600; }
p { margin: .5rem 0; }
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: .15em; }
a:hover { text-decoration-color: currentcolor; }
a:focus-visible { outline: 2px solid var(--busy); outline-offset: 2px; border-radius: 2px; }
.quiet { color: var(--quiet); }
.small { font-size: .85rem; }
.number { font-variant-numeric: tabular-nums; }
.icon { width: 1rem; height: 1rem; flex: none; vertical-align: -.15rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .busy { color: var(--busy); }
.none { color: var(--quiet); }
.card + .card { margin-top: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.notes { list-style: none; margin: 1.5rem 0 0; padding: 0; display: grid; gap: .5rem; }
.notes li { display: flex; gap: .7rem; padding: .75rem 1rem; border-radius: 10px; color: var(--ink); overflow-wrap: anywhere; }
.notes .icon { margin-top: .25rem; }
.notes li.bad { background: var(--bad-soft); } .notes li.warn { background: var(--warn-soft); }
.notes li.bad .icon { color: var(--bad); } .notes li.warn .icon { color: var(--warn); }
.notes p { margin: 0; white-space: pre-line; }
h2.wide + .card { margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .75rem; font-weight: 600; }
.wide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
thead th { padding: .6rem 1rem; font-size: .75rem; font-weight: 500; color: var(--quiet); text-align: left; border-bottom: 1px solid var(--line); }
tbody th, tbody td { padding: .85rem 1rem; text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody th a { font-weight: 600; text-decoration: none; }
tbody th a:hover { text-decoration: underline; }
td .under, th .under { display: block; color: var(--quiet); font-size: .85rem; }
.badge { display: inline-flex; align-items: center; gap: .4rem; padding: .1rem .6rem .1rem .45rem; border-radius: 99px; font-size: .85rem; font-weight: 500; white-space: nowrap; margin: 0 .25rem .25rem 0; }
.badge .icon { width: .85rem; height: .85rem; }
.badge.good { background: var(--good-soft); } .badge.bad { background: var(--bad-soft); }
.badge.none { background: var(--paper); }
.badge.warn { background: var(--warn-soft); } .badge.busy { background: var(--busy-soft); }
.plot { display: block; width: 9rem; height: 2.25rem; overflow: visible; }
.plot .area { fill: var(--busy); opacity: .14; } .plot .curve { fill: none; stroke: var(--busy); stroke-width: 1.5; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.plot .failed { stroke: var(--bad); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.large .plot { width: 100%; height: 7rem; }
.large { padding: 1.25rem 1.25rem 1rem; }
pre { margin: 0; padding: 1rem 1.25rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font: .82rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font: .85em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.ask { padding: 1rem 1.25rem; border-top: 1px solid var(--line); }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.5rem; padding: 1rem 1.25rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--quiet); font-size: .85rem; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; }
@media (max-width: 52rem) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.4rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem 1rem; padding: 1rem; }
  tbody tr + tr { border-top: 1px solid var(--line); }
  tbody tr > *, tbody tr + tr > * { padding: 0; border: 0; min-width: 0; }
  tbody th, tbody td.full { grid-column: 1 / -1; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--quiet); font-size: .75rem; }
  td.empty { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
}
@media print { body { background: none; } .card { break-inside: avoid; } }
`;

/** As it stands in the page: the policy names its digest, to the byte. */
export const styleElement: Html = { html: `<style>${style}</style>` };

const styleHash = createHash('sha256').update(style).digest('base64');

/** The page may do nothing but be shown. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
