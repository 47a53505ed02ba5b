import { z } from 'zod';
import type { Connection } from '../connection.ts';
import type { Product } from '../describe.ts';

/** An index as it was at one moment. */
export interface PointInTime {
  /** The newest id; every page may tell another one. */
  id: string;
  readonly index: string;
}

/** So long the server keeps it without a request; each page starts it anew. */
export const keepAlive = '10m';

const elasticsearchAnswer = z.object({ id: z.string() });
const opensearchAnswer = z.object({
  pit_id: z.string(),
  _shards: z.object({ failed: z.literal(0) }),
});
const counted = z.object({
  pit_id: z.string().optional(),
  timed_out: z.literal(false),
  _shards: z.object({ failed: z.literal(0) }),
  hits: z.object({ total: z.object({ value: z.number() }) }),
});

/** What was written and not yet refreshed is made visible first, where the credentials allow it. */
export async function openPointInTime(
  connection: Connection,
  product: Product,
  index: string,
  signal: AbortSignal,
): Promise<PointInTime> {
  const path = `/${encodeURIComponent(index)}`;
  await connection.ask({ method: 'POST', path: `${path}/_refresh`, signal, accepted: [403] });
  if (product === 'opensearch') {
    const request = {
      method: 'POST',
      path: `${path}/_search/point_in_time?keep_alive=${keepAlive}&allow_partial_pit_creation=false`,
      signal,
    } as const;
    return { index, id: (await connection.read(opensearchAnswer, request)).pit_id };
  }
  const request = { method: 'POST', path: `${path}/_pit?keep_alive=${keepAlive}`, signal } as const;
  return { index, id: (await connection.read(elasticsearchAnswer, request)).id };
}

/** Its documents, as the server counts them. */
export async function countPointInTime(
  connection: Connection,
  pit: PointInTime,
  signal: AbortSignal,
): Promise<number> {
  const body = { size: 0, track_total_hits: true, pit: { id: pit.id, keep_alive: keepAlive } };
  const found = await connection.read(counted, { method: 'POST', path: '/_search', body, signal });
  pit.id = found.pit_id ?? pit.id;
  return found.hits.total.value;
}

/** One that cannot be closed ends by itself. */
export async function closePointInTime(
  connection: Connection,
  product: Product,
  pit: PointInTime,
  signal: AbortSignal,
): Promise<void> {
  const request =
    product === 'opensearch'
      ? { path: '/_search/point_in_time', body: { pit_id: [pit.id] } }
      : { path: '/_pit', body: { id: pit.id } };
  await connection.ask({ method: 'DELETE', ...request, signal, accepted: [404] }).catch(() => undefined);
}
