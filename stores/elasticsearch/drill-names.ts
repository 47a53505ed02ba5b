import { matches } from './patterns.ts';

const start = 'holdfast-drill-';

/** How the names of indices begin that drills of a job make. */
export function drillIndexStart(job: string): string {
  return `${start}${job}-`;
}

/** What leaves them out of backups; nothing where no pattern takes them in. */
export function withoutDrills(indices: readonly string[]): readonly string[] {
  // Leaving out a data stream does not leave out its backing indices.
  return matches(indices, start) ? [...indices, `-${start}*`, `-.ds-${start}*`] : indices;
}
