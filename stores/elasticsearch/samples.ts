import { z } from 'zod';
import type { SampledDocument } from '../../workflows/contract/index-facts.ts';
import type { Connection } from './connection.ts';
import { readAs } from './connection.ts';
import { digestOfJson, parseExactly } from './exact-json.ts';

const most = 20;
/** Of all samples of an index together. Documents of 10 MB exist. */
const bytesSampled = 4 * 1024 * 1024;
/** A shard looks at no more documents than this to choose from. */
const lookedAt = 10_000;

const document = z.object({
  _id: z.string(),
  _routing: z.string().optional(),
  _seq_no: z.unknown().optional(),
  _source: z.unknown().optional(),
});
const search = z.object({
  timed_out: z.literal(false),
  _shards: z.object({ failed: z.unknown().refine((failed) => exactNumber(failed) === 0) }),
  hits: z.object({ hits: z.array(document) }),
});
const documents = z.object({
  docs: z.array(document.extend({ found: z.boolean().optional() })),
});

/**
 * A few documents of an index, chosen by chance and yet always the same ones while nothing is written. None where the
 * index does not keep its sources.
 */
export async function sampleDocuments(
  connection: Connection,
  index: string,
  { documents: count, bytes }: { readonly documents: number; readonly bytes: number },
  signal: AbortSignal,
): Promise<readonly SampledDocument[]> {
  if (count === 0) return [];
  const size = Math.max(1, Math.min(most, Math.floor((bytesSampled * count) / Math.max(bytes, 1))));
  const body = {
    size,
    query: { function_score: { random_score: { seed: 20_260, field: '_seq_no' }, boost_mode: 'replace' } },
    terminate_after: lookedAt,
    seq_no_primary_term: true,
    track_total_hits: false,
  };
  const path = `/${encodeURIComponent(index)}/_search?allow_partial_search_results=false`;
  const request = { method: 'POST', path, body, signal } as const;
  const { text, ...answer } = await connection.ask(request);
  const { hits } = readAs(search, { ...answer, text }, request, parseExactly);
  return hits.hits.flatMap((hit) => sampleOf(hit) ?? []);
}

/** The same documents as they are now in the index of this name, in the same order; `undefined` where there is none. */
export async function readSamples(
  connection: Connection,
  index: string,
  samples: readonly SampledDocument[],
  signal: AbortSignal,
): Promise<readonly (SampledDocument | undefined)[]> {
  if (samples.length === 0) return [];
  const docs = samples.map(({ id, routing }) => ({ _id: id, ...(routing === undefined ? {} : { routing }) }));
  const request = {
    method: 'POST',
    path: `/${encodeURIComponent(index)}/_mget`,
    body: { docs },
    signal,
  } as const;
  const found = readAs(documents, await connection.ask(request), request, parseExactly);
  return found.docs.map((doc) => (doc.found === true ? sampleOf(doc) : undefined));
}

function sampleOf(hit: z.output<typeof document>): SampledDocument | undefined {
  if (hit._source === undefined) return undefined;
  return {
    id: hit._id,
    ...(hit._routing === undefined ? {} : { routing: hit._routing }),
    seqNo: exactNumber(hit._seq_no),
    digest: digestOfJson(hit._source),
  };
}

/** A number that `parseExactly` left as it was written. */
function exactNumber(value: unknown): number {
  return Number(JSON.stringify(value));
}
