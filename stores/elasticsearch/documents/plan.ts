import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import type { IndexPlan } from '../../repository-store.ts';
import type { Connection } from '../connection.ts';
import { planRestore } from '../restore-plan.ts';

/** What a load would make, by the same rules for names as a restore of a snapshot. */
export function planLoad(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  wish: IndexWish,
  signal: AbortSignal,
): Promise<readonly IndexPlan[]> {
  const facts = definitions.map(({ index }) => ({
    ...({ index, state: 'open', bytes: 0, shards: 0, settled: true } as const),
    ...{ settings: {}, aliases: {}, samples: [] },
  }));
  return planRestore(connection, facts, wish, signal);
}
