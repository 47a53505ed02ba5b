import { z } from 'zod';
import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import { readAs, type Connection } from '../connection.ts';
import { typeOf } from '../errors.ts';
import { parseExactly } from '../exact-json.ts';

type Json = Readonly<Record<string, unknown>>;

/** An index that was made to be loaded: what it gets when it is full. */
export interface Target {
  readonly name: string;
  /** Settings as they are to be at the end. */
  readonly settings: Json;
  readonly mappings: Json;
  readonly aliases: Json;
  /** Settings that the cluster does not know. */
  readonly dropped: readonly string[];
}

/** No replicas and no refreshing while it is filled; no pipeline that would change what was exported. */
const whileLoading = {
  'index.number_of_replicas': 0,
  'index.refresh_interval': '-1',
  'index.default_pipeline': '_none',
  'index.final_pipeline': '_none',
};
/** They would delete a restored index at once, for its age. */
const lifecycles = /^index\.(lifecycle|plugins\.index_state_management|opendistro\.index_state_management)\./;
/** Replicas that come and go with the nodes take no number meanwhile. */
const automatic = 'index.auto_expand_replicas';

/**
 * Makes the index, or finds the one that an earlier attempt of the same restore has made. Settings that the cluster
 * does not know, because it is another product or release, are left out and told.
 */
export async function makeTarget(
  connection: Connection,
  name: string,
  definition: IndexDefinition,
  restoreId: string,
  signal: AbortSignal,
): Promise<Target> {
  const mappings = jsonOf(definition.mappings);
  const settings = new Map(
    Object.entries(jsonOf(definition.settings)).filter(([key]) => !lifecycles.test(key)),
  );
  const dropped: string[] = [];
  const path = `/${encodeURIComponent(name)}`;
  for (;;) {
    const made = new Map([...settings, ...Object.entries(whileLoading)]);
    made.delete(automatic);
    const body = {
      settings: Object.fromEntries(made),
      mappings: { ...mappings, _meta: { ...metaOf(mappings), [mark]: restoreId } },
    };
    try {
      await connection.ask({ method: 'PUT', path, body, signal, patience: 300_000 });
      break;
    } catch (error) {
      if (typeOf(error) === 'resource_already_exists_exception') {
        await requireOwn(connection, name, restoreId, signal);
        break;
      }
      const unknown = unknownSettings(error).filter((key) => settings.delete(key));
      if (unknown.length === 0) throw unrestorable(definition.index, error);
      dropped.push(...unknown);
    }
  }
  const aliases = jsonOf(definition.aliases);
  return { name, settings: Object.fromEntries(settings), mappings, aliases, dropped };
}

/** Gives the index the settings that it is to have, and lets its documents be seen. */
export async function finishTarget(
  connection: Connection,
  { name, settings, mappings, aliases }: Target,
  withAliases: boolean,
  signal: AbortSignal,
): Promise<void> {
  const path = `/${encodeURIComponent(name)}`;
  const restored = Object.keys({ ...whileLoading, [automatic]: null }).map((key) => [
    key,
    settings[key] ?? null,
  ]);
  const body = Object.fromEntries(restored) as Json;
  await connection.ask({ method: 'PUT', path: `${path}/_settings`, body, signal });
  const meta = { _meta: metaOf(mappings) };
  await connection.ask({ method: 'PUT', path: `${path}/_mapping`, body: meta, signal });
  await connection.ask({ method: 'POST', path: `${path}/_refresh`, signal, patience: 600_000 });
  const actions = Object.entries(aliases).map(([alias, one]) => ({
    add: { index: name, alias, ...(one as object) },
  }));
  if (!withAliases || actions.length === 0) return;
  await connection.ask({ method: 'POST', path: '/_aliases', body: { actions }, signal });
}

/** In `_meta` of the mappings while the index is filled: which restore has made it. */
const mark = 'holdfast_restore';
const marked = z.record(
  z.string(),
  z.object({ mappings: z.object({ _meta: z.record(z.string(), z.unknown()).optional() }) }),
);

/** @throws RestoreConflict */
async function requireOwn(
  connection: Connection,
  name: string,
  restoreId: string,
  signal: AbortSignal,
): Promise<void> {
  const request = { method: 'GET', path: `/${encodeURIComponent(name)}/_mapping`, signal } as const;
  const found = readAs(marked, await connection.ask(request), request);
  if (found[name]?.mappings._meta?.[mark] === restoreId) return;
  throw new HoldfastError(
    'RestoreConflict',
    `Since the plan was made, another index has taken the name ${name}. Nothing was written into it.`,
  );
}

function unknownSettings(error: unknown): readonly string[] {
  if (!(error instanceof HoldfastError) || error.details.status !== 400) return [];
  const words = /(?:unknown|private index|final index|archived) setting \[([^\]]+)\]/g;
  return Array.from(error.message.matchAll(words), ([, name = '']) => name);
}

function unrestorable(index: string, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.details.status !== 400) return error;
  return new HoldfastError('Unrestorable', `The index ${index} cannot be made as it was: ${error.message}`, {
    cause: error,
    details: error.details,
  });
}

function metaOf(mappings: Json): Json {
  return (mappings['_meta'] ?? {}) as Json;
}

function jsonOf(text: string): Json {
  return parseExactly(text) as Json;
}
