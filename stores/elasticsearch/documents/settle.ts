import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import type { IndexPlan } from '../../repository-store.ts';
import { swapAliases } from '../aliases.ts';
import type { Connection } from '../connection.ts';
import { parseExactly } from '../exact-json.ts';
import { unmarkTarget } from './target.ts';

/** What is left to do when the new indices are proven. An index that has its own name again has its aliases again. */
export async function settleLoad(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  plan: readonly IndexPlan[],
  { swapAliases: swap }: IndexWish,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const byName = new Map(definitions.map((definition) => [definition.index, definition]));
  const made = plan.filter(({ op }) => op === 'add');
  for (const { index, target } of made) {
    const definition = byName.get(index);
    if (definition !== undefined) await unmarkTarget(connection, target, definition, signal);
  }
  const facts = definitions.map(({ index, aliases }) => ({
    index,
    aliases: parseExactly(aliases) as Readonly<Record<string, unknown>>,
  }));
  const moving = made.filter(({ index, target }) => swap || index === target);
  return swapAliases(connection, facts, moving, signal);
}
