import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DocumentBatch } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import { free } from '../../../workflows/contract/memory.ts';
import type { Connection } from '../connection.ts';
import type { Product } from '../describe.ts';
import { inParallel } from './channel.ts';
import { createPageSize } from './page-size.ts';
import { scanPage, type Page } from './page-scan.ts';
import {
  closePointInTime,
  countPointInTime,
  keepAlive,
  openPointInTime,
  type PointInTime,
} from './point-in-time.ts';

/** An index that is to be read, and the name that its documents get. */
export interface Source {
  readonly index: string;
  readonly as: string;
  readonly shards: number;
  /** So many hits a page may ask for (`index.max_result_window`). */
  readonly mostHits: number;
}

/** A page with failed shards is an error, and not less of the documents. */
const searchPath = '/_search?allow_partial_search_results=false';
/** Requests at once, over all indices. */
const lanes = 4;
/** Pages that wait for the consumer, at most. */
const waitingPages = 2;

/**
 * All documents of the indices: each index as it was at one moment. Ends only when every index has given as many as
 * it counts itself; else it throws. The sources of a batch are gone when the next one is asked for.
 */
export async function* readSources(
  connection: Connection,
  product: Product,
  sources: readonly Source[],
  signal: AbortSignal,
): AsyncGenerator<DocumentBatch> {
  const open = new Set<PointInTime>();
  const slices = slicesOf(connection, product, sources, open, signal);
  const lane = async (put: (page: ReadBatch) => Promise<void>, stopping: AbortSignal) => {
    for (;;) {
      // An async generator serves its callers one after the other.
      const next = await slices.next();
      if (next.done === true) return;
      await readSlice(connection, product, next.value, put, stopping);
      await next.value.end();
    }
  };
  try {
    const pages = inParallel(
      waitingPages,
      signal,
      Array.from({ length: lanes }, () => lane),
    );
    for await (const { bytes, ...batch } of pages) {
      yield batch;
      free(bytes);
    }
  } finally {
    // The signal may be what ended it.
    const closing = AbortSignal.timeout(5_000);
    for (const pit of open) await closePointInTime(connection, product, pit, closing);
  }
}

/** Documents, and the page that their sources are views of. */
interface ReadBatch extends DocumentBatch {
  readonly bytes: Buffer;
}

/** A part of an index at one moment, read by one lane. */
interface Slice {
  readonly pit: PointInTime;
  readonly as: string;
  readonly mostHits: number;
  readonly number: number;
  readonly of: number;
  count(documents: number): void;
  /** Called when it has been read; with the last one, the index is done. */
  end(): Promise<void>;
}

async function* slicesOf(
  connection: Connection,
  product: Product,
  sources: readonly Source[],
  opened: Set<PointInTime>,
  signal: AbortSignal,
): AsyncGenerator<Slice, undefined> {
  for (const { index, as, shards, mostHits } of sources) {
    const pit = await openPointInTime(connection, product, index, signal);
    opened.add(pit);
    const expected = await countPointInTime(connection, pit, signal);
    const of = product === 'opensearch' ? shards : Math.ceil(lanes / shards) * shards;
    let open = of;
    let seen = 0;
    for (let number = 0; number < of; number++) {
      yield {
        ...{ pit, as, mostHits, number, of },
        count: (documents) => void (seen += documents),
        async end() {
          open--;
          if (open > 0) return;
          opened.delete(pit);
          await closePointInTime(connection, product, pit, signal);
          if (seen === expected) return;
          throw new HoldfastError(
            'StreamBroken',
            `The index ${index} gave ${seen} documents, and counts ${expected} at the same moment.`,
          );
        },
      };
    }
  }
  return undefined;
}

const frame = z.object({
  pit_id: z.string().optional(),
  timed_out: z.literal(false),
  _shards: z.object({ failed: z.literal(0) }),
});

async function readSlice(
  connection: Connection,
  product: Product,
  slice: Slice,
  put: (page: ReadBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const size = createPageSize(slice.mostHits);
  // Made after the moment at which the index is read: none of its documents can know it.
  const mark = randomUUID();
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const asked = size.current;
    const body = bodyOf(product, slice, mark, asked, after);
    const page = await readPage(connection, body, mark, slice, signal).catch((error: unknown) => {
      if (isTooMuch(error) && size.shrink()) return undefined;
      throw error;
    });
    if (page === undefined) continue;
    const { documents, last, bytes } = page;
    size.saw(documents.length, bytes.length);
    if (documents.length > 0) {
      slice.count(documents.length);
      await put({ index: slice.as, documents, bytes });
    }
    // A page may be shorter than asked for only at the end.
    if (last === undefined || documents.length < asked) return;
    after = last;
  }
}

/** Within a slice that is of one shard, `_doc` has no two equal; releases of OpenSearch before 3.3 know nothing better. */
function bodyOf(
  product: Product,
  { pit, number, of }: Slice,
  mark: string,
  size: number,
  after: string | undefined,
): Buffer {
  const parts = [
    `"size":${size},"track_total_hits":false,"version":true`,
    `"query":{"match_all":{"_name":"${mark}"}}`,
    `"sort":["${product === 'opensearch' ? '_doc' : '_shard_doc'}"]`,
    `"pit":{"id":${JSON.stringify(pit.id)},"keep_alive":"${keepAlive}"}`,
    ...(of > 1 ? [`"slice":{"id":${number},"max":${of}}`] : []),
    ...(after === undefined ? [] : [`"search_after":${after}`]),
  ];
  return Buffer.from(`{${parts.join(',')}}`);
}

async function readPage(
  connection: Connection,
  body: Buffer,
  mark: string,
  { pit, as }: Slice,
  signal: AbortSignal,
): Promise<Page & { readonly bytes: Buffer }> {
  const { address, bytes } = await connection.askBytes({ method: 'POST', path: searchPath, body, signal });
  const page = scan(bytes, mark, address);
  const found = frame.safeParse(JSON.parse(page.frame));
  if (!found.success) {
    throw new HoldfastError(
      'StreamBroken',
      `${address} gave a page of ${pit.index} that is not whole: ${page.frame.slice(0, 300)}`,
      { details: { address } },
    );
  }
  pit.id = found.data.pit_id ?? pit.id;
  if (page.withoutSource === undefined) return { ...page, bytes };
  throw new HoldfastError(
    'UnreadableKeys',
    `The document ${page.withoutSource} of ${as} has no _source: it cannot be exported.`,
  );
}

function scan(bytes: Buffer, mark: string, address: string): Page {
  try {
    return scanPage(bytes, mark);
  } catch (cause) {
    throw new HoldfastError('StreamBroken', `${address} gave a page that is no JSON.`, {
      cause,
      details: { address },
    });
  }
}

/** The server's own guard of its memory, or a proxy's of the size of answers. */
export function isTooMuch(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return error.details.status === 429 || error.details.status === 413;
}
