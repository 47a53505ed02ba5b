import { z } from 'zod';
import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { LeftOut } from '../../../workflows/contract/manifest.ts';
import { readAs, type Connection } from '../connection.ts';
import { parseExactly } from '../exact-json.ts';
import { inPaths } from '../patterns.ts';
import { keepsSources } from './keeps-sources.ts';
import type { Source } from './read.ts';

const described = z.record(
  z.string(),
  z.object({
    aliases: z.record(z.string(), z.unknown()),
    mappings: z.record(z.string(), z.unknown()),
    settings: z.record(z.string(), z.unknown()),
    data_stream: z.string().optional(),
  }),
);
type Described = z.output<typeof described>[string];

export interface Definitions {
  readonly definitions: readonly IndexDefinition[];
  readonly sources: readonly Source[];
  readonly leftOut: readonly LeftOut[];
}

/** Settings that belong to the one index that has them, or that the server makes itself. */
const ownSettings =
  /^index\.(uuid|creation_date.*|provided_name|version\..*|history\..*|resize\..*|shrink\..*|verified_before_close|store\.(type|snapshot\..*)|routing\.allocation\.initial_recovery\..*|blocks\..*|frozen|search\.throttled|verified_before_close)$/;

const defaultWindow = 10_000;

/** @throws UnreadableKeys where an index does not keep its sources whole */
export async function readDefinitions(
  connection: Connection,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<Definitions> {
  const found = new Map<string, Described>();
  for (const names of inPaths(indices)) {
    const path = `/${names}?flat_settings=true&expand_wildcards=all`;
    const request = { method: 'GET', path, signal } as const;
    const answer = await connection.ask(request);
    for (const [index, one] of Object.entries(readAs(described, answer, request, parseExactly))) {
      found.set(index, one);
    }
  }
  const open = [...found]
    .filter(([, one]) => !isClosed(one))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  requireSources(open);
  return {
    // Of the backing indices of a data stream, the last one has what new documents get.
    definitions: [
      ...new Map(open.map(([index, one]) => [nameOf(index, one), definitionOf(index, one)])).values(),
    ],
    sources: open.map(([index, one]) => ({
      index,
      as: nameOf(index, one),
      shards: Number(one.settings['index.number_of_shards']),
      mostHits: Number(one.settings['index.max_result_window'] ?? defaultWindow),
    })),
    leftOut: leftOutClosed([...found].filter(([, one]) => isClosed(one)).map(([index]) => index)),
  };
}

function definitionOf(index: string, described: Described): IndexDefinition {
  const { mappings, aliases, settings } = described;
  const kept = Object.entries(settings).filter(([name]) => !ownSettings.test(name));
  return {
    index: nameOf(index, described),
    kind: described.data_stream === undefined ? 'index' : 'data stream',
    mappings: JSON.stringify(mappings),
    settings: JSON.stringify(Object.fromEntries(kept)),
    aliases: JSON.stringify(aliases),
  };
}

function nameOf(index: string, { data_stream: stream }: Described): string {
  return stream ?? index;
}

function isClosed({ settings }: Described): boolean {
  return settings['index.verified_before_close'] === 'true';
}

function requireSources(open: readonly (readonly [string, Described])[]): void {
  const without = open.filter(([, { mappings }]) => !keepsSources(mappings));
  if (without.length === 0) return;
  const names = without.map(([index]) => index).slice(0, 20);
  throw new HoldfastError(
    'UnreadableKeys',
    `These indices do not keep the whole _source of their documents, so none can be exported: ${names.join(', ')}.`,
  );
}

function leftOutClosed(indices: readonly string[]): readonly LeftOut[] {
  if (indices.length === 0) return [];
  const reason = 'the index is closed: its documents cannot be read';
  return [{ reason, count: indices.length, examples: indices.slice(0, 20) }];
}
