import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import type { DocumentWish } from '../../document-store.ts';
import type { IndexPlan } from '../../repository-store.ts';
import type { Connection } from '../connection.ts';
import { planRestore } from '../restore-plan.ts';

/** What a restore would make: only new indices, and by the same rules for names as a restore of a snapshot. */
export function planLoad(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  { indices, pattern, replacement }: DocumentWish,
  signal: AbortSignal,
): Promise<readonly IndexPlan[]> {
  const facts = definitions.map(({ index }) => ({
    ...({ index, state: 'open', bytes: 0, shards: 0, settled: true } as const),
    ...{ settings: {}, aliases: {}, samples: [] },
  }));
  const into = { how: 'rename', pattern, replacement } as const;
  const wish = { indices, into, settings: {}, keepLifecycle: false, swapAliases: false };
  return planRestore(connection, facts, wish, signal);
}
