import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { IndexPlan } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import type { Product } from './describe.ts';
import { inPaths } from './patterns.ts';
import { allNames } from './wanted.ts';

/** The data streams of the snapshot that these lines are of, each once. */
export function streamsOf(lines: readonly IndexPlan[]): readonly string[] {
  return [...new Set(lines.flatMap(({ stream }) => stream ?? []))];
}

/**
 * Deletes the live data streams that are to be replaced, with all that the plan says is in them.
 *
 * @throws RestoreConflict where one has rolled over since
 */
export async function deleteStreams(
  connection: Connection,
  streams: readonly string[],
  plan: readonly IndexPlan[],
  signal: AbortSignal,
): Promise<void> {
  if (streams.length === 0) return;
  const planned = new Set(plan.map(({ target }) => target));
  const { dataStreams } = await allNames(connection, signal);
  const there = streams.filter((stream) => dataStreams.has(stream));
  const others = there
    .flatMap((stream) => dataStreams.get(stream) ?? [])
    .filter((name) => !planned.has(name));
  if (others.length > 0) {
    throw new HoldfastError(
      'RestoreConflict',
      `Since the plan was made, these indices have come into data streams that it replaces: ${others.slice(0, 20).join(', ')}. Nothing was restored.`,
    );
  }
  await removeStreams(connection, there, signal);
}

/** With their backing indices. One that is gone already is as it should be. */
export async function removeStreams(
  connection: Connection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const path of inPaths(names)) {
    await connection.ask({ method: 'DELETE', path: `/_data_stream/${path}`, signal, accepted: [404] });
  }
}

/**
 * Takes the lifecycle off that data streams of Elasticsearch have themselves, besides the policies of their indices: it
 * would delete the restored indices at once, for their age. Releases before 8.11 have none.
 */
export async function detachStreams(
  connection: Connection,
  product: Product,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (product !== 'elasticsearch') return;
  for (const path of inPaths(names)) {
    const request = { method: 'DELETE', path: `/_data_stream/${path}/_lifecycle`, signal } as const;
    await connection.ask({ ...request, accepted: [400, 404, 405] });
  }
}
