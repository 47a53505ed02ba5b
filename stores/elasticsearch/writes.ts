import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Connection } from './connection.ts';

const stats = z.object({
  indices: z
    .record(
      z.string(),
      z.object({
        primaries: z
          .object({ store: z.object({ size_in_bytes: z.number() }).partial() })
          .partial()
          .optional(),
        shards: z.record(
          z.string(),
          z.array(
            z.object({
              routing: z.object({ primary: z.boolean() }),
              seq_no: z.object({ max_seq_no: z.number() }).optional(),
            }),
          ),
        ),
      }),
    )
    .default({}),
});

/** How far the writes of an index have come. */
export interface Written {
  /** Every shard with the number of its last write: equal means that nothing was written in between. */
  readonly mark: string;
  readonly bytes: number;
}

const fields = [
  'indices.*.primaries.store.size_in_bytes',
  'indices.*.shards.*.routing.primary',
  'indices.*.shards.*.seq_no.max_seq_no',
].join(',');

export async function readWritten(
  connection: Connection,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Written>> {
  const names = patterns.map(encodeURIComponent).join(',');
  const query = 'level=shards&expand_wildcards=all&forbid_closed_indices=false&ignore_unavailable=true';
  const path = `/${names}/_stats/docs,store?${query}&filter_path=${fields}`;
  const { indices } = await connection.read(stats, { method: 'GET', path, signal });
  return new Map(
    Object.entries(indices).map(([index, { primaries, shards }]) => {
      const marks = Object.entries(shards).map(([shard, copies]) => {
        const primary = copies.find(({ routing }) => routing.primary);
        return `${shard}:${primary?.seq_no?.max_seq_no ?? 'unknown'}`;
      });
      return [index, { mark: marks.sort().join(' '), bytes: primaries?.store?.size_in_bytes ?? 0 }] as const;
    }),
  );
}

/** All marks as one, short enough for the metadata of a snapshot. */
export function digestOf(written: ReadonlyMap<string, Written>): string {
  const lines = [...written].map(([index, { mark }]) => `${index} ${mark}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}
