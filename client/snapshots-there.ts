import { withRepository } from '../activities/open.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import type { OpenedSource } from './sources.ts';

export type SnapshotThere = 'there' | 'missing' | 'unknown';

/** Whoever lists backups on the worst day must not wait long for a cluster that is lost. */
const patience = 15_000;

/**
 * Asks the cluster of a job, where it has one, which of its snapshots are in the repository still. The result says it of
 * a backup; nothing of one that is no snapshot.
 */
export async function lookForSnapshots(
  { job, repository }: OpenedSource,
  io: Io,
): Promise<(manifest: Manifest) => SnapshotThere | undefined> {
  if (repository === undefined) return ({ snapshot }) => snapshot && 'unknown';
  try {
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(patience)]);
    const found = await withRepository(repository, (store) => store.listOwn(signal));
    const there = new Set(found.map(({ uuid }) => uuid));
    return ({ snapshot }) => snapshot && (there.has(snapshot.uuid) ? 'there' : 'missing');
  } catch (error) {
    io.signal.throwIfAborted();
    const why = Error.isError(error) ? error.message : String(error);
    say(io, `Whether the snapshots of ${job} are still there is not known: ${why}`);
    return ({ snapshot }) => snapshot && 'unknown';
  }
}
