import type { DocumentCounts, Plan, WholeCount } from './contract/restore.ts';

/** What the lines of a plan are, in words. */
export function unitOf({ indices, whole }: Pick<Plan, 'indices' | 'whole'>): {
  readonly one: string;
  readonly many: string;
} {
  if (whole !== undefined) return { one: 'entry', many: 'entries' };
  return indices === undefined ? { one: 'key', many: 'keys' } : { one: 'index', many: 'indices' };
}

/** `all indices, under new names (restored-$1)`; nothing where the plan is one of keys. */
export function indexScope({ indices }: Pick<Plan, 'indices'>): string | undefined {
  if (indices === undefined) return undefined;
  const { indices: names, into } = indices;
  const which = names.join(',') === '*' ? 'all indices' : `the indices ${names.join(', ')}`;
  if (into.how === 'rename') return `${which}, under new names (${into.replacement})`;
  if (into.how === 'load') {
    const named = into.replacement === '$1' ? '' : ` under the names ${into.replacement}`;
    const change =
      into.mode === 'overwrite' ? 'written, also over those that differ' : 'added where they are missing';
    return `${which}${named}: documents are ${change}`;
  }
  return `${which}, in place: the old ones are ${into.how === 'close' ? 'closed and written over' : 'deleted first'}`;
}

/** `5 to add, 3 to change, 40 as wanted already, 2 left as they are`; what stays zero is left out behind the first. */
export function documentsText(
  { add, change, equal, keep }: DocumentCounts,
  count: (number: number) => string,
): string {
  return [
    `${count(add)} to add`,
    ...(change > 0 ? [`${count(change)} to change`] : []),
    ...(equal > 0 ? [`${count(equal)} as wanted already`] : []),
    ...(keep > 0 ? [`${count(keep)} differ and are left as they are`] : []),
  ].join(', ');
}

/** `ACL tokens 12 → 11, keys 4, nodes 3 → 2`: how many there are, and how many will be. */
export function countsText(counts: readonly WholeCount[], count: (number: number) => string): string {
  return counts
    .map(({ kind, live, backup }) => `${kind} ${count(live)}${live === backup ? '' : ` → ${count(backup)}`}`)
    .join(', ');
}
