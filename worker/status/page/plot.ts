import { type Html, html } from './html.ts';

export interface PlotPoint {
  readonly at: Date;
  /** Undefined where the run failed. */
  readonly value: number | undefined;
}

const width = 200;
const height = 50;

/** Values over time, from 0 up; runs that failed are strokes at the bottom. `label` says it all in words. */
export function plot(points: readonly PlotPoint[], label: string): Html | undefined {
  const good = points.filter((point): point is PlotPoint & { value: number } => point.value !== undefined);
  if (good.length === 0) return undefined;
  const sorted = [...points].sort((one, other) => one.at.getTime() - other.at.getTime());
  const from = sorted[0]?.at.getTime() ?? 0;
  const span = (sorted.at(-1)?.at.getTime() ?? 0) - from;
  const highest = Math.max(1, ...good.map(({ value }) => value));
  const x = ({ at }: PlotPoint): string =>
    (span === 0 ? width : ((at.getTime() - from) / span) * width).toFixed(1);
  const y = (value: number): string => (height - (value / highest) * (height - 6)).toFixed(1);
  const steps = sorted.flatMap((point) =>
    point.value === undefined ? [] : [`${x(point)},${y(point.value)}`],
  );
  const [first = '', last = ''] = [steps[0], steps.at(-1)];
  const left = first.split(',')[0] ?? '';
  const right = last.split(',')[0] ?? '';
  const failed = sorted.filter(({ value }) => value === undefined);
  return html`<svg
    class="plot"
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    <title>${label}</title>
    <path class="area" d="M${left},${height} L${steps.join(' L')} L${right},${height} Z" />
    <polyline class="curve" points="${steps.join(' ')}" />
    ${failed.map((point) => html`<path class="failed" d="M${x(point)},${height} v-9" />`)}
  </svg>`;
}
