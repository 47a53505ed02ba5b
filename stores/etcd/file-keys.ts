import type { FileKeys } from '../store.ts';
import { openReading } from './read.ts';
import { findThrowawayTools, openThrowaway } from './throwaway.ts';

/** A snapshot on the disk of this machine. */
export interface LocalFile {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Opens a snapshot by starting an etcd from it, here, which ends when this is closed. The time left of a lease is
 * what etcd gives it when it starts from the file: as a rule, all that was granted.
 *
 * @param provide brings the file, which is removed as soon as etcd has taken it over
 * @param revision of the snapshot
 * @throws ProgramMissing, ProgramFailed, and what `provide` throws
 */
export async function openFileKeys(
  provide: () => Promise<LocalFile>,
  revision: string,
  signal: AbortSignal,
): Promise<FileKeys> {
  // Known before anything is fetched.
  const tools = await findThrowawayTools('to read the keys of an etcd snapshot', signal);
  const file = await provide();
  const throwaway = await openThrowaway(tools, file.path, signal).finally(() => file.remove());
  return {
    read: (scope, reading) => openReading(throwaway.connection, scope, reading, { revision }),
    close: () => throwaway.close(),
  };
}
