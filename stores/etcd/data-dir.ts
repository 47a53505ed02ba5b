import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { makeTiedDirectory } from '../tied-directory.ts';
import { runTool } from './tools.ts';
import type { Tool } from './tools.ts';

/** Who a member of the new cluster is, in etcd's own words (`etcdutl snapshot restore --help`). */
export interface Member {
  readonly name: string;
  /** `name=peerURL,…` of every member. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  /** Of this member, comma separated: those that `initialCluster` has for it. */
  readonly initialAdvertisePeerUrls: string;
}

export interface DataDirOptions {
  readonly member: Member;
  /** By how much revisions go on above those of the snapshot; 0: not at all. */
  readonly bumpRevision: number;
}

/**
 * Far above what a cluster writes between a snapshot and its loss: etcd's own documentation counts 1500 writes a
 * second for a week. A client that watched the old cluster must meet no revision that it believes it has seen.
 */
export const defaultBump = 1_000_000_000;

/** The arguments of `etcdutl` that make the data directory of one member. */
export function restoreWords(
  file: string,
  dataDir: string,
  { member, bumpRevision }: DataDirOptions,
): readonly string[] {
  return [
    ...['snapshot', 'restore', file, '--data-dir', dataDir, '--name', member.name],
    ...['--initial-cluster', member.initialCluster],
    ...['--initial-cluster-token', member.initialClusterToken],
    ...['--initial-advertise-peer-urls', member.initialAdvertisePeerUrls],
    ...(bumpRevision > 0 ? ['--bump-revision', String(bumpRevision), '--mark-compacted'] : []),
  ];
}

/**
 * Makes a data directory out of a snapshot. It is complete, or it is not there: everything is made in a directory
 * inside, which is gone when this process is, and the whole `member` is moved to its place at the end. Inside and not
 * beside, since a data directory may be the root of a file system of its own.
 *
 * @param provide gives the path of the snapshot; it may write it into this folder.
 * @throws BadRequest where the directory holds something; ProgramFailed, and what `provide` throws
 */
export async function makeDataDir(
  etcdutl: Tool,
  dataDir: string,
  options: DataDirOptions,
  provide: (folder: string) => Promise<string>,
  signal: AbortSignal,
): Promise<void> {
  const target = resolve(dataDir);
  await requireEmpty(target);
  const made = await mkdir(target, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unusable(target, error);
  });
  try {
    const work = await makeTiedDirectory(target, '.holdfast-');
    try {
      const file = await provide(work.path);
      const fresh = join(work.path, 'data');
      await runTool(etcdutl.path, restoreWords(file, fresh, options), signal);
      await rename(join(fresh, 'member'), join(target, 'member'));
    } finally {
      await work.remove();
    }
    await syncDirectory(target);
    await syncDirectory(dirname(target));
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

/** @throws BadRequest where something is in the directory; it need not be there. */
export async function requireEmpty(directory: string): Promise<void> {
  const found = await readdir(directory).catch((error: unknown) => {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return [];
    throw unusable(directory, error);
  });
  if (found.length === 0) return;
  const names = found.slice(0, 3).join(', ') + (found.length > 3 ? ', …' : '');
  throw new HoldfastError(
    'BadRequest',
    `${directory} is not empty (${names}). A data directory is made anew: name another one, or move away what is there.`,
  );
}

function unusable(directory: string, cause: unknown): HoldfastError {
  const why = Error.isError(cause) ? cause.message : String(cause);
  return new HoldfastError('BadRequest', `${directory} cannot be a data directory: ${why}`, { cause });
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
