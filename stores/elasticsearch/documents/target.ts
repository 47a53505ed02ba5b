import { z } from 'zod';
import type { IndexDefinition } from '../../../workflows/contract/document.ts';
import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { IndexWish } from '../../../workflows/contract/restore.ts';
import type { LoadOptions } from '../../document-store.ts';
import { readAs, type Connection } from '../connection.ts';
import { typeOf } from '../errors.ts';
import { parseExactly } from '../exact-json.ts';

type Json = Readonly<Record<string, unknown>>;

/** An index that was made to be loaded: what it gets when it is full. */
export interface Target {
  readonly name: string;
  /** Settings as they are to be at the end. */
  readonly settings: Json;
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
  { restoreId, wish, signal }: Pick<LoadOptions, 'restoreId' | 'wish' | 'signal'>,
): Promise<Target> {
  const mappings = jsonOf(definition.mappings);
  const settings = settingsOf(definition, wish);
  const dropped: string[] = [];
  const path = `/${encodeURIComponent(name)}`;
  for (;;) {
    const made = new Map([...settings, ...Object.entries(whileLoading)]);
    made.delete(automatic);
    const body = {
      settings: Object.fromEntries(made),
      mappings: { ...mappings, _meta: { ...metaOf(mappings), [mark]: { restoreId, dropped } } },
    };
    try {
      await connection.ask({ method: 'PUT', path, body, signal, patience: 300_000 });
      break;
    } catch (error) {
      if (typeOf(error) === 'resource_already_exists_exception') {
        dropped.push(...(await readOwn(connection, name, restoreId, signal)));
        // That attempt may have given it its own settings already.
        await connection.ask({ method: 'PUT', path: `${path}/_settings`, body: whileLoading, signal });
        break;
      }
      const unknown = unknownSettings(error).filter((key) => settings.delete(key));
      if (unknown.length === 0) throw unrestorable(definition.index, error);
      dropped.push(...unknown);
    }
  }
  return { name, settings: Object.fromEntries(settings), dropped };
}

/** Those that the index had, and those that the wish gives it. */
function settingsOf(
  definition: IndexDefinition,
  { settings: wished, keepLifecycle }: IndexWish,
): Map<string, unknown> {
  const own = Object.entries(jsonOf(definition.settings));
  const given = Object.entries(wished).map(([key, value]) => [fullName(key), value] as const);
  const replaced = new Set(given.map(([key]) => key));
  // A number of replicas that somebody asks for would not stand beside an automatic one.
  if (replaced.has('index.number_of_replicas')) replaced.add(automatic);
  const kept = own.filter(([key]) => !replaced.has(key) && (keepLifecycle || !lifecycles.test(key)));
  return new Map([...kept, ...given]);
}

/** Servers take `number_of_replicas` for `index.number_of_replicas`. */
function fullName(setting: string): string {
  return setting.startsWith('index.') ? setting : `index.${setting}`;
}

/** Gives the index the settings that it is to have, and lets its documents be seen. */
export async function finishTarget(
  connection: Connection,
  { name, settings }: Target,
  signal: AbortSignal,
): Promise<void> {
  const path = `/${encodeURIComponent(name)}`;
  const restored = Object.keys({ ...whileLoading, [automatic]: null }).map((key) => [
    key,
    settings[key] ?? null,
  ]);
  const body = Object.fromEntries(restored) as Json;
  await connection.ask({ method: 'PUT', path: `${path}/_settings`, body, signal });
  await refreshTarget(connection, name, signal);
}

export async function refreshTarget(
  connection: Connection,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/${encodeURIComponent(name)}/_refresh`;
  await connection.ask({ method: 'POST', path, signal, patience: 600_000 });
}

/** Takes the mark off, so that the index has the mappings that it had. */
export async function unmarkTarget(
  connection: Connection,
  name: string,
  { mappings }: IndexDefinition,
  signal: AbortSignal,
): Promise<void> {
  const body = { _meta: metaOf(jsonOf(mappings)) };
  await connection.ask({ method: 'PUT', path: `/${encodeURIComponent(name)}/_mapping`, body, signal });
}

/** In `_meta` of the mappings until the restore is proven: which restore has made the index, without which settings. */
const mark = 'holdfast_restore';
const marked = z.record(
  z.string(),
  z.object({
    mappings: z.object({
      _meta: z
        .object({ [mark]: z.object({ restoreId: z.string(), dropped: z.array(z.string()) }) })
        .partial()
        .optional()
        .catch(undefined),
    }),
  }),
);

/** The settings that an earlier attempt had to leave out. @throws RestoreConflict where it is not ours */
async function readOwn(
  connection: Connection,
  name: string,
  restoreId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const request = { method: 'GET', path: `/${encodeURIComponent(name)}/_mapping`, signal } as const;
  const found = readAs(marked, await connection.ask(request), request)[name]?.mappings._meta?.[mark];
  if (found?.restoreId === restoreId) return found.dropped;
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
