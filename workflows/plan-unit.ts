import type { Plan } from './contract/restore.ts';

/** What the lines of a plan are, in words. */
export function unitOf({ indices }: Pick<Plan, 'indices'>): { readonly one: string; readonly many: string } {
  return indices === undefined ? { one: 'key', many: 'keys' } : { one: 'index', many: 'indices' };
}

/** `all indices, under new names (restored-$1)`; nothing where the plan is one of keys. */
export function indexScope({ indices }: Pick<Plan, 'indices'>): string | undefined {
  if (indices === undefined) return undefined;
  const { indices: names, into } = indices;
  const which = names.join(',') === '*' ? 'all indices' : `the indices ${names.join(', ')}`;
  if (into.how === 'rename') return `${which}, under new names (${into.replacement})`;
  return `${which}, in place: the old ones are ${into.how === 'close' ? 'closed and written over' : 'deleted first'}`;
}
