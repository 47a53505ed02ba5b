import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Snapshot, SnapshotProgress } from '../repository-store.ts';
import type { RepositoryConnection } from './connection.ts';
import { typeOf } from './errors.ts';
import { repositoryPath } from './repository.ts';

const owner = z.object({ job: z.string(), id: z.string(), writes: z.string().optional() });
const info = z.object({
  snapshot: z.string(),
  uuid: z.string(),
  state: z.enum(['IN_PROGRESS', 'SUCCESS', 'PARTIAL', 'FAILED', 'INCOMPATIBLE']),
  reason: z.string().optional(),
  indices: z.array(z.string()).default([]),
  data_streams: z.array(z.string()).default([]),
  metadata: z
    .object({ holdfast: owner.optional().catch(undefined) })
    .nullish()
    .catch(undefined),
  start_time_in_millis: z.number().default(0),
  shards: z.object({ total: z.number(), failed: z.number() }).default({ total: 0, failed: 0 }),
  failures: z
    .array(z.object({ index: z.string(), shard_id: z.number(), reason: z.string().nullish() }))
    .default([]),
});
const infos = z.object({ snapshots: z.array(info) });
const counts = z.object({ size_in_bytes: z.number() });
const status = z.object({
  snapshots: z.array(
    z.object({
      shards_stats: z.object({ done: z.number(), failed: z.number(), total: z.number() }),
      stats: z.object({ processed: counts.optional(), incremental: counts.optional() }),
    }),
  ),
});

/** As read from the server, with what our own metadata say beyond the owner. */
export interface Found extends Snapshot {
  /** The marks of all writes when it was begun: writes.ts. */
  readonly writes?: string;
}

/** Deleting or ending a snapshot answers when it is done. */
const patience = 600_000;

export async function findSnapshot(
  connection: RepositoryConnection,
  name: string,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const path = repositoryPath(connection, name);
  const request = { method: 'GET', path, signal } as const;
  try {
    const { snapshots } = await connection.read(infos, request);
    const [found] = snapshots.filter(({ snapshot }) => snapshot === name);
    return found === undefined ? undefined : snapshotOf(found);
  } catch (error) {
    if (typeOf(error) === 'snapshot_missing_exception') return undefined;
    throw error;
  }
}

export async function listSnapshots(
  connection: RepositoryConnection,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const path = repositoryPath(connection, '_all');
  const { snapshots } = await connection.read(infos, { method: 'GET', path, signal, patience });
  return snapshots.map(snapshotOf);
}

/** Begins a snapshot and does not wait for it. False where the name is taken already: by us, as a rule. */
export async function beginSnapshot(
  connection: RepositoryConnection,
  name: string,
  { signal, ...what }: BeginOptions,
): Promise<boolean> {
  const { globalState, featureStates, ignoreUnavailable } = connection.settings;
  const body = {
    indices: what.indices.join(','),
    // OpenSearch would leave closed ones out.
    expand_wildcards: 'all',
    ignore_unavailable: ignoreUnavailable,
    include_global_state: globalState,
    ...(featureStates.length > 0 ? { feature_states: featureStates } : {}),
    // One missing shard makes the whole a failure.
    partial: false,
    metadata: { holdfast: { ...what.owner, writes: what.writes } },
  };
  const path = `${repositoryPath(connection, name)}?wait_for_completion=false`;
  try {
    await connection.ask({ method: 'PUT', path, body, signal });
    return true;
  } catch (error) {
    if (/^(invalid_snapshot_name|snapshot_name_already_in_use)_exception$/.test(typeOf(error) ?? ''))
      return false;
    throw error;
  }
}

export interface BeginOptions {
  readonly indices: readonly string[];
  readonly owner: { readonly job: string; readonly id: string };
  readonly writes: string;
  readonly signal: AbortSignal;
}

const shortest = 100;
const longest = 2_000;

/** Looks at the snapshot again and again until it is no longer being taken. */
export async function followSnapshot(
  connection: RepositoryConnection,
  name: string,
  signal: AbortSignal,
  onProgress: (progress: SnapshotProgress) => void,
): Promise<Found> {
  for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
    const found = await findSnapshot(connection, name, signal);
    if (found === undefined) {
      const gone = `The snapshot ${name} is gone: somebody deleted it while it was being taken.`;
      throw new HoldfastError('StreamBroken', gone);
    }
    if (found.state !== 'IN_PROGRESS') return found;
    const progress = await readProgress(connection, name, signal);
    if (progress !== undefined) onProgress(progress);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

async function readProgress(
  connection: RepositoryConnection,
  name: string,
  signal: AbortSignal,
): Promise<SnapshotProgress | undefined> {
  const path = `${repositoryPath(connection, name, '_status')}?filter_path=snapshots.shards_stats,snapshots.stats`;
  const answer = await connection.ask({ method: 'GET', path, signal, accepted: [404] });
  const found = status.safeParse(JSON.parse(answer.text)).data?.snapshots[0];
  if (found === undefined) return undefined;
  const { shards_stats: shards, stats } = found;
  return {
    shards: shards.done,
    shardsTotal: shards.total,
    bytes: stats.processed?.size_in_bytes ?? 0,
    bytesTotal: stats.incremental?.size_in_bytes ?? 0,
  };
}

/** Deletes the snapshot; one that is being taken is ended first. False where there is none. */
export async function deleteSnapshot(
  connection: RepositoryConnection,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await connection.ask({ method: 'DELETE', path: repositoryPath(connection, name), signal, patience });
    return true;
  } catch (error) {
    if (typeOf(error) === 'snapshot_missing_exception') return false;
    throw error;
  }
}

function snapshotOf(found: z.output<typeof info>): Found {
  const { holdfast } = found.metadata ?? {};
  return {
    name: found.snapshot,
    uuid: found.uuid,
    state: found.state,
    ...(holdfast === undefined ? {} : { owner: { job: holdfast.job, id: holdfast.id } }),
    ...(holdfast?.writes === undefined ? {} : { writes: holdfast.writes }),
    indices: found.indices,
    dataStreams: found.data_streams,
    startedAt: found.start_time_in_millis,
    shards: { total: found.shards.total, failed: found.shards.failed },
    failures: [
      ...found.failures.map(
        ({ index, shard_id: shard, reason }) => `${index} shard ${shard}: ${reason ?? 'failed'}`,
      ),
      ...(found.reason === undefined ? [] : [found.reason]),
    ],
  };
}
