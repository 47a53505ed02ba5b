import { z } from 'zod';
import type { Connection } from './connection.ts';
import { inPaths } from './patterns.ts';

const recoveries = z.record(
  z.string(),
  z.object({
    shards: z.array(
      z.object({
        primary: z.boolean(),
        type: z.string(),
        source: z
          .object({ repository: z.string(), snapshot: z.string(), index: z.string() })
          .optional()
          .catch(undefined),
        index: z.object({ size: z.object({ total_in_bytes: z.number(), recovered_in_bytes: z.number() }) }),
      }),
    ),
  }),
);

/** Where the primary shards of an index came from, and how far they are. */
export interface Recovery {
  /** Where they came from a snapshot. */
  readonly source?: { readonly repository: string; readonly snapshot: string; readonly index: string };
  readonly bytes: number;
  readonly bytesTotal: number;
}

const fields = ['primary', 'type', 'source', 'index.size'].map((field) => `*.shards.${field}`).join(',');

/** Of the indices that are there. */
export async function readRecovery(
  connection: Connection,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Recovery>> {
  const all = new Map<string, Recovery>();
  for (const names of inPaths(indices)) {
    const path = `/${names}/_recovery?ignore_unavailable=true&filter_path=${fields}`;
    const found = await connection.read(recoveries, { method: 'GET', path, signal });
    for (const [index, { shards }] of Object.entries(found)) {
      const primaries = shards.filter(({ primary }) => primary);
      const source = primaries.find(({ type }) => type === 'SNAPSHOT')?.source;
      const sum = (of: 'recovered_in_bytes' | 'total_in_bytes') =>
        primaries.reduce((bytes, shard) => bytes + shard.index.size[of], 0);
      all.set(index, {
        ...(source === undefined ? {} : { source }),
        bytes: sum('recovered_in_bytes'),
        bytesTotal: sum('total_in_bytes'),
      });
    }
  }
  return all;
}
