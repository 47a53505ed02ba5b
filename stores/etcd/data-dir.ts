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
 * Makes a data directory out of a snapshot. It is complete, or there is none: etcdutl works in a directory inside,
 * and the whole `member` is moved to its place at the end. Inside and not beside, since a data directory may be the
 * root of a file system of its own.
 *
 * @throws BadRequest where the directory holds something; ProgramFailed
 */
export async function makeDataDir(
  etcdutl: Tool,
  file: string,
  dataDir: string,
  options: DataDirOptions,
  signal: AbortSignal,
): Promise<void> {
  const target = resolve(dataDir);
  const made = await openEmpty(target);
  try {
    const work = await makeTiedDirectory(target, '.holdfast-');
    try {
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

/** Makes the directory (0700, as etcd wants it) where it is missing. @returns the first one made, if any */
export async function openEmpty(directory: string): Promise<string | undefined> {
  const found = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unusable(directory, error);
  });
  if (found === undefined) {
    return mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw unusable(directory, error);
    });
  }
  if (found.length === 0) return undefined;
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
