import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Connection } from './connection.ts';
import type { Product } from './describe.ts';
import { withoutDrills } from './drill-names.ts';
import { matches } from './patterns.ts';

const resolved = z.object({
  indices: z.array(
    z.object({
      name: z.string(),
      attributes: z.array(z.string()).catch([]),
      data_stream: z.string().optional(),
    }),
  ),
  aliases: z.array(z.object({ name: z.string(), indices: many() })),
  data_streams: z.array(z.object({ name: z.string(), backing_indices: many() })),
});

/** One name alone is no list in some releases. */
function many() {
  return z.union([z.array(z.string()), z.string().transform((name) => [name])]);
}

/** Names as they are in the cluster now. */
export interface Names {
  readonly indices: ReadonlySet<string>;
  readonly aliases: ReadonlySet<string>;
  readonly dataStreams: ReadonlyMap<string, readonly string[]>;
}

/**
 * What these patterns name, for requests: no index that a drill has made, and not that of OpenSearch's security plugin,
 * which nobody may restore.
 */
export function expressionOf(patterns: readonly string[], product: Product): readonly string[] {
  const indices = withoutDrills(patterns);
  if (product !== 'opensearch' || !indices.some((pattern) => pattern.includes('*'))) return indices;
  // With a `*`: to leave out by its full name what is not there is an error.
  return [...indices, '-.opendistro_security*'];
}

/** What a snapshot of some patterns must hold, and what Elasticsearch keeps for itself and may leave out. */
export interface Wanted {
  readonly indices: readonly string[];
  readonly system: readonly string[];
}

/**
 * @param major of the cluster's version: before 8, Elasticsearch did not tell which indices are its own
 * @throws StoreRefused where a name is not there, and must be
 */
export async function wantedIndices(
  connection: Connection,
  patterns: readonly string[],
  major: number,
  signal: AbortSignal,
): Promise<Wanted> {
  const found = await resolveAll(connection, signal);
  const known = new Set([...found.indices, ...found.aliases, ...found.data_streams].map(({ name }) => name));
  const absent = patterns.filter((name) => !name.includes('*') && !name.startsWith('-') && !known.has(name));
  if (absent.length > 0 && !connection.settings.ignoreUnavailable) {
    throw new HoldfastError(
      'StoreRefused',
      `The cluster has no index, alias or data stream ${absent.join(', ')}, which the job names.`,
    );
  }
  const streams = streamsOf(found.data_streams);
  // As the servers take it: leaving out a data stream leaves its backing indices in, where a `*` takes them.
  const matching = found.indices.filter(({ name }) => {
    const stream = streams.get(name);
    return matches(patterns, name) || (stream !== undefined && matches(patterns, stream));
  });
  const system = matching
    .filter(
      ({ name, attributes }) =>
        attributes.includes('system') ||
        (major < 8 && name.startsWith('.') && !streams.has(name) && !patterns.includes(name)),
    )
    .map(({ name }) => name);
  const indices = new Set([
    ...matching.map(({ name }) => name).filter((name) => !system.includes(name)),
    ...found.aliases.filter(({ name }) => patterns.includes(name)).flatMap(({ indices: names }) => names),
  ]);
  return { indices: [...indices], system };
}

export async function allNames(connection: Connection, signal: AbortSignal): Promise<Names> {
  const found = await resolveAll(connection, signal);
  return {
    indices: new Set([
      ...found.indices.map(({ name }) => name),
      ...found.data_streams.flatMap(({ backing_indices: backing }) => backing),
    ]),
    aliases: new Set(found.aliases.map(({ name }) => name)),
    dataStreams: new Map(
      found.data_streams.map(({ name, backing_indices: backing }) => [name, backing] as const),
    ),
  };
}

/** The data stream of each backing index. */
function streamsOf(streams: z.output<typeof resolved>['data_streams']): ReadonlyMap<string, string> {
  return new Map(
    streams.flatMap(({ name, backing_indices: backing }) => backing.map((index) => [index, name] as const)),
  );
}

function resolveAll(connection: Connection, signal: AbortSignal) {
  const path = '/_resolve/index/*?expand_wildcards=all';
  return connection.read(resolved, { method: 'GET', path, signal });
}
