import { open, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfFile } from '../stores/etcd/file-hash.ts';
import { findThrowawayTools, type ThrowawayTools } from '../stores/etcd/throwaway.ts';
import { makeTiedDirectory } from '../stores/tied-directory.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Check, KeyspaceHash, Manifest } from '../workflows/contract/manifest.ts';
import type { Step } from './step.ts';

/** The file, the data directory that is made of it, and the log of an etcd that is started there. */
const roomFor = (bytes: number): number => 2 * bytes + 256 * 1024 * 1024;

/** Who reads: a step, or a command. */
export type Reader = Pick<Step, 'signal' | 'onProgress'>;

/** What of a backup, captured or published, says what its snapshot must come out as. */
export type ProvableSnapshot = Pick<
  Manifest,
  'job' | 'reason' | 'store' | 'moment' | 'objects' | 'keyspace' | 'consul'
>;

type Reading = (write: (chunk: Buffer) => Promise<void>) => Promise<void>;

/**
 * Reads a snapshot to its end; where it can be done here, its bytes go to a temporary file on the way, an etcd is
 * started from that, and the hash of its keys is compared with the one that the live member gave. The file is removed,
 * whatever happens.
 *
 * @throws VerifyFailed where the hashes differ; ProgramFailed; what `read` throws
 */
export async function withHashProof(
  step: Reader,
  captured: ProvableSnapshot,
  bytes: number,
  read: Reading,
): Promise<Check> {
  const { keyspace } = captured;
  const reason = keyspace === undefined ? whyNoHash(captured) : await lackOfRoom(bytes);
  if (keyspace === undefined || reason !== undefined) return withoutProof(read, reason ?? '');
  const tools = await findTools(captured.store.version, step.signal);
  if (typeof tools === 'string') return withoutProof(read, tools);

  const directory = await makeTiedDirectory(tmpdir(), 'holdfast-verify-');
  try {
    const file = join(directory.path, 'snapshot.db');
    const handle = await open(file, 'wx', 0o600);
    try {
      await read(async (chunk) => {
        await handle.writeFile(chunk);
      });
    } finally {
      await handle.close();
    }
    step.onProgress({ phase: 'proving', records: 0, bytes: 0 });
    const found = await hashOfFile(tools, file, step.signal, keyspace.revision);
    return compare(captured, keyspace, found);
  } finally {
    await directory.remove();
  }
}

/** Why a snapshot comes without the hash that its member tells. */
export function whyNoHash({ reason, moment }: Pick<Manifest, 'reason' | 'moment'>): string {
  return reason === 'import'
    ? 'the file was imported, so no member was asked for its hash'
    : `the revision ${moment.index} was compacted before its hash could be asked of the member`;
}

async function withoutProof(read: Reading, reason: string): Promise<Check> {
  await read(() => Promise.resolve());
  return notDone(reason);
}

export const hashCheck = 'HashKV';

function notDone(detail: string): Check {
  return { name: hashCheck, outcome: 'not done', detail };
}

export async function lackOfRoom(bytes: number): Promise<string | undefined> {
  const directory = tmpdir();
  const { bavail, bsize } = await statfs(directory);
  const needed = roomFor(bytes);
  const free = bavail * bsize;
  if (free >= needed) return undefined;
  return `${directory} has ${megabytes(free)} MB free, and ${megabytes(needed)} MB are needed for it`;
}

/** @returns why there are none, in words */
async function findTools(memberVersion: string, signal: AbortSignal): Promise<ThrowawayTools | string> {
  try {
    const tools = await findThrowawayTools(
      'to compare the keys of a snapshot with those of the member',
      signal,
    );
    const { version } = tools.etcd;
    if (canStartFrom(version, memberVersion)) return tools;
    return `\`etcd\` ${version} on this machine cannot be started from the data of etcd ${memberVersion}`;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ProgramMissing') return error.message;
    throw error;
  }
}

/**
 * An older etcd does not know what a newer one has written; a newer one takes the snapshots of all since 3.4. Of a file
 * that was imported it is `unknown`: then the etcd itself says whether it can.
 */
export function canStartFrom(version: string, data: string): boolean {
  if (data === 'unknown') return true;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [dataMajor = 0, dataMinor = 0] = data.split('.').map(Number);
  return major === dataMajor && minor >= dataMinor;
}

function compare(
  { store, objects }: ProvableSnapshot,
  live: KeyspaceHash,
  found: Awaited<ReturnType<typeof hashOfFile>>,
): Check {
  const { revision } = live;
  if (live.compactRevision !== found.compactRevision) {
    const detail =
      `the file is compacted up to ${found.compactRevision}, and the member was, when it was asked, up to ` +
      `${live.compactRevision}: their hashes cannot be compared`;
    return notDone(detail);
  }
  const ends = `the keys up to revision ${revision} in the file, read back, and in the member ${store.address}`;
  if (live.hash === found.hash) {
    return { name: hashCheck, outcome: 'equal', detail: `${ends}: hash ${live.hash}` };
  }
  throw new HoldfastError(
    'VerifyFailed',
    `${objects[0]?.name ?? ''}: ${ends} differ: the hash is ${found.hash}, and should be ${live.hash}.`,
  );
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
