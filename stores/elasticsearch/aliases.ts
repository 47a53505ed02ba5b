import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import type { IndexPlan } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import { allNames } from './wanted.ts';

/**
 * Takes the aliases that an index had when it was backed up from the index of its old name, and gives them to the
 * restored one: all of them in one step, so that nobody sees an alias that points to both or to none.
 */
export async function swapAliases(
  connection: Connection,
  facts: readonly Pick<IndexFacts, 'index' | 'aliases'>[],
  plan: readonly IndexPlan[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const aliasesOf = new Map(facts.map(({ index, aliases }) => [index, Object.entries(aliases)]));
  const { indices } = await allNames(connection, signal);
  const moved = new Set<string>();
  const actions: object[] = [];
  for (const { index, target } of plan.filter(({ op }) => op === 'add')) {
    for (const [alias, definition] of aliasesOf.get(index) ?? []) {
      moved.add(alias);
      if (index !== target && indices.has(index))
        actions.push({ remove: { index, alias, must_exist: false } });
      actions.push({ add: { index: target, alias, ...(definition as object) } });
    }
  }
  if (actions.length > 0)
    await connection.ask({ method: 'POST', path: '/_aliases', body: { actions }, signal });
  return [...moved].sort();
}
