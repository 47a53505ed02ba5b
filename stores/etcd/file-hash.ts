import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyspaceHash } from '../../workflows/contract/manifest.ts';
import { openThrowaway } from './throwaway.ts';
import type { ThrowawayTools } from './throwaway.ts';
import { runTool } from './tools.ts';
import type { Tool } from './tools.ts';

/** What a snapshot says of itself. */
export interface FileStatus {
  /** The newest revision in the file, a decimal string. */
  readonly revision: string;
  /** Revisions of keys, deleted ones too; not the number of living keys. */
  readonly totalKeys: string;
  readonly totalBytes: string;
  /** Of the storage format: `3.6.0`. Empty before 3.6. */
  readonly version: string;
}

/** @throws ArchiveCorrupt, ProgramFailed */
export async function statusOfFile(etcdutl: Tool, file: string, signal: AbortSignal): Promise<FileStatus> {
  const text = await runTool(etcdutl.path, ['snapshot', 'status', file, '--write-out=json'], signal);
  // Not JSON.parse: a revision may be larger than a number of JavaScript is exact.
  const number = (name: string) => new RegExp(`"${name}":\\s*(\\d+)`).exec(text)?.[1];
  const [revision, totalKeys, totalBytes] = [number('revision'), number('totalKey'), number('totalSize')];
  if (revision === undefined || totalKeys === undefined || totalBytes === undefined) {
    throw new HoldfastError('ProgramFailed', `etcdutl ${etcdutl.version} says of ${file}: ${text}`);
  }
  const version = /"version":\s*"([^"]*)"/.exec(text)?.[1] ?? '';
  return { revision, totalKeys, totalBytes, version };
}

/**
 * The hash of the keyspace in a snapshot, to be compared with that of the member it was taken from.
 *
 * Not by `etcdutl hashkv`: up to 3.6 it panics where any key has a lease (github.com/etcd-io/etcd/issues/21105), as
 * always in Kubernetes, and it changes the file. An etcd that was started from the file answers just as the member.
 *
 * @param revision up to which; default: the newest of the file
 * @throws ProgramFailed
 */
export async function hashOfFile(
  tools: ThrowawayTools,
  file: string,
  signal: AbortSignal,
  revision?: string,
): Promise<KeyspaceHash> {
  const wanted = revision ?? (await statusOfFile(tools.etcdutl, file, signal)).revision;
  const throwaway = await openThrowaway(tools, file, signal);
  try {
    const answer = await throwaway.connection.inTurn(signal, (server) =>
      server.call('Maintenance/HashKV', { revision: wanted }, signal),
    );
    const { hash, hashRevision, compactRevision } = answer;
    return { hash: String(hash), revision: hashRevision, compactRevision };
  } finally {
    await throwaway.close();
  }
}
