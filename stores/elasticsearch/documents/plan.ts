import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import type { IndexPlan } from '../../repository-store.ts';
import type { Connection } from '../connection.ts';
import { type IndexTemplate, readTemplates } from '../index-templates.ts';
import { planRestore } from '../restore-plan.ts';

/** What a load would make, by the same rules for names as a restore of a snapshot. A data stream becomes an index. */
export async function planLoad(
  connection: Connection,
  definitions: readonly IndexDefinition[],
  wish: IndexWish,
  signal: AbortSignal,
): Promise<readonly IndexPlan[]> {
  const facts = definitions.map(({ index }) => ({
    ...({ index, state: 'open', bytes: 0, shards: 0, settled: true } as const),
    ...{ settings: {}, aliases: {}, samples: [] },
  }));
  const lines = await planRestore(connection, facts, wish, signal);
  const templateOf = await readTemplates(connection, signal);
  const streams = new Set(definitions.flatMap(({ kind, index }) => (kind === 'data stream' ? [index] : [])));
  return lines.map((line) => {
    if (line.op !== 'add') return line;
    const reason = whyNoIndex(templateOf(line.target));
    if (reason !== undefined) return { ...line, op: 'refuse', reason };
    return streams.has(line.index) ? { ...line, reason: 'a data stream, which becomes an index' } : line;
  });
}

/** The cluster refuses to make an index of a name that one of its templates keeps for data streams. */
function whyNoIndex(template: IndexTemplate | undefined): string | undefined {
  if (template?.makesStreams !== true) return undefined;
  return `the index template ${template.name} makes data streams of such names, and no indices; restore it under another name`;
}
