import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { IndexPlan, RestoreProgress } from '../repository-store.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';
import type { RepositoryConnection } from './connection.ts';
import type { Product } from './describe.ts';
import { describeIndices } from './indices.ts';
import { inPaths } from './patterns.ts';
import { readRecovery } from './recovery.ts';
import type { Recovery } from './recovery.ts';
import { renamed } from './renaming.ts';
import { repositoryPath } from './repository.ts';
import { waitForShards } from './shards.ts';
import { deleteStreams, detachStreams, streamsOf } from './streams.ts';

export interface RestoreOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RestoreProgress) => void;
}

const accepted = z.object({ accepted: z.literal(true) });

/** Carries a plan out, and waits until every primary shard of it is there. */
export async function applyRestore(
  connection: RepositoryConnection,
  product: Product,
  snapshot: string,
  plan: readonly IndexPlan[],
  wish: IndexWish,
  { signal, onProgress }: RestoreOptions,
): Promise<void> {
  const lines = plan.filter(({ op }) => op === 'add' || op === 'change');
  const targets = lines.map(({ target }) => target);
  const recovery = await readRecovery(connection, targets, signal);
  const left = lines.filter((line) => !isRestored(connection, snapshot, line, recovery.get(line.target)));
  const streams = streamsOf(left);
  const removed = plan.filter(({ op, stream = '' }) => op === 'remove' && streams.includes(stream));
  await requireUnchanged(connection, [...left, ...removed], signal);
  if (wish.into.how === 'delete') await deleteStreams(connection, streams, plan, signal);
  for (const { target } of left.filter(({ op }) => op === 'change'))
    await makeWay(connection, target, wish, signal);
  if (left.length > 0) await askToRestore(connection, product, snapshot, left, wish, signal);
  if (!wish.keepLifecycle) {
    const names = streamsOf(lines).map((stream) => renamed(stream, wish));
    await detachStreams(connection, product, names, signal);
  }
  await waitForShards(connection, targets, signal, onProgress);
}

/** An earlier attempt began or ended it: a shard remembers which snapshot it came from. */
function isRestored(
  { settings }: RepositoryConnection,
  snapshot: string,
  { index }: IndexPlan,
  found: Recovery | undefined,
): boolean {
  const source = found?.source;
  return (
    source !== undefined &&
    source.repository === settings.repository.name &&
    source.snapshot === snapshot &&
    source.index === index
  );
}

/** @throws RestoreConflict */
async function requireUnchanged(
  connection: RepositoryConnection,
  lines: readonly IndexPlan[],
  signal: AbortSignal,
): Promise<void> {
  const live = new Map<string, string>();
  for (const names of inPaths(lines.map(({ target }) => target))) {
    for (const [index, { settings }] of Object.entries(await describeIndices(connection, names, signal))) {
      live.set(index, settings['index.uuid'] ?? '');
    }
  }
  // Deleted already is what an earlier attempt, or somebody, did on the way to what the plan wants.
  const others = lines.filter(({ target, seen }) => live.has(target) && live.get(target) !== seen);
  if (others.length === 0) return;
  const names = others
    .map(({ target }) => target)
    .slice(0, 20)
    .join(', ');
  throw new HoldfastError(
    'RestoreConflict',
    `Since the plan was made, other indices have taken these names: ${names}. Nothing was restored.`,
  );
}

async function makeWay(
  connection: RepositoryConnection,
  target: string,
  { into }: IndexWish,
  signal: AbortSignal,
): Promise<void> {
  const path = `/${encodeURIComponent(target)}`;
  if (into.how === 'delete') await connection.ask({ method: 'DELETE', path, signal, accepted: [404] });
  else await connection.ask({ method: 'POST', path: `${path}/_close`, signal, accepted: [404] });
}

/** Settings that would have a lifecycle delete a restored index at once, for its age. */
const lifecycles = [
  'index.lifecycle.*',
  'index.plugins.index_state_management.*',
  'index.opendistro.index_state_management.*',
];

async function askToRestore(
  connection: RepositoryConnection,
  product: Product,
  snapshot: string,
  lines: readonly IndexPlan[],
  { into, settings, keepLifecycle }: IndexWish,
  signal: AbortSignal,
): Promise<void> {
  const inPlace = into.how !== 'rename';
  const body = {
    indices: [...new Set(lines.map(({ index, stream }) => stream ?? index))].join(','),
    ignore_unavailable: false,
    include_global_state: false,
    // In place they belong to the index; beside the old one they would point to both.
    include_aliases: inPlace,
    ...(product === 'elasticsearch' ? { feature_states: ['none'] } : {}),
    ...(inPlace ? {} : { rename_pattern: into.pattern, rename_replacement: into.replacement }),
    ...(Object.keys(settings).length === 0 ? {} : { index_settings: settings }),
    ...(keepLifecycle ? {} : { ignore_index_settings: lifecycles }),
    partial: false,
  };
  const path = `${repositoryPath(connection, snapshot, '_restore')}?wait_for_completion=false`;
  await connection.read(accepted, { method: 'POST', path, body, signal, patience: 300_000 });
}
