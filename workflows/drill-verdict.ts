import type { Failure } from './contract/backup.ts';
import type { DrillResult } from './contract/drill.ts';

/** Why a drill is no proof; `undefined`: it is one. */
export function verdictOnDrill({
  backup = '',
  comparisons,
}: Pick<DrillResult, 'backup' | 'comparisons'>): Failure | undefined {
  const differing = comparisons.filter(({ outcome }) => outcome === 'differs');
  if (differing.length === 0) return undefined;
  const list = differing.map(({ what, expected = '', found = '', detail }) => {
    const why = detail === undefined ? '' : ` (${detail})`;
    return `${what}: ${found}, not ${expected}${why}`;
  });
  return {
    code: 'DrillUnproven',
    message: `backup ${backup} did not come back as it was: ${list.join('; ')}`,
  };
}
