import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeptFile, KeptSnapshot } from '../store.ts';
import { makeTiedDirectory, type TiedDirectory } from '../tied-directory.ts';
import { countKeys } from './count-keys.ts';
import { findThrowawayTools, openThrowaway } from './throwaway.ts';
import { createTrailingDigest } from './trailing-digest.ts';

/**
 * A file of `etcdctl snapshot save`. It is copied here and checked against the SHA-256 at its end; then an etcd is
 * started from the copy, which alone can tell its revision and how many keys are alive in it. Disk space of twice the
 * file is needed in the temporary directory while that etcd runs, afterwards of once.
 */
export function openKeptFile(file: KeptFile): KeptSnapshot {
  let directory: TiedDirectory | undefined;
  return {
    format: 'snapshot.db',
    async snapshot(signal) {
      // Known before anything is fetched.
      const tools = await findThrowawayTools('to read what is in an etcd snapshot', signal);
      directory = await makeTiedDirectory(tmpdir(), 'holdfast-kept-');
      const copy = join(directory.path, 'snapshot.db');
      const sha256 = await copyChecked(file, copy);
      const throwaway = await openThrowaway(tools, copy, signal);
      const { count, revision } = await countKeys(throwaway.connection, signal).finally(() =>
        throwaway.close(),
      );
      const { address } = file;
      return {
        store: { kind: 'etcd', version: 'unknown', address, details: { format: 'etcd-snapshot' } },
        bytes: bytesOf(copy, signal),
        bytesTotal: () => file.bytes,
        sha256: () => sha256,
        facts: () => ({
          moment: { index: revision, consistency: 'point-in-time' },
          records: Number(count),
          warnings: [],
        }),
      };
    },
    async close() {
      await directory?.remove();
    },
  };
}

/** Opened when somebody reads, so that a file nobody reads is not left open. */
async function* bytesOf(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { signal }) as AsyncIterable<Buffer>;
}

/** @returns the SHA-256 (hex) of all bytes */
async function copyChecked(file: KeptFile, path: string): Promise<string> {
  const digest = createTrailingDigest();
  const copy = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of file.read()) {
      digest.take(chunk);
      await copy.writeFile(chunk);
    }
  } finally {
    await copy.close();
  }
  const problem = digest.problem();
  if (problem === undefined) return digest.sha256();
  throw new HoldfastError('FileRefused', `${file.address} ${problem}.`);
}
