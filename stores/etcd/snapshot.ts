import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { SnapshotFacts, SnapshotReading } from '../store.ts';
import type { Connection } from './connection.ts';
import { refusedWithoutRoot } from './errors.ts';
import { createRevisionFinder } from './file-revision.ts';
import { chooseMember } from './member.ts';
import type { Member } from './member.ts';
import { learnFacts } from './snapshot-facts.ts';
import { createTrailingDigest } from './trailing-digest.ts';

/** Behind the database stands its SHA-256. */
const digestBytes = 32;

/**
 * The file that `etcdctl snapshot save` would write, from one member. It ends only when etcd said that nothing
 * remains, its size is as announced, and etcd's SHA-256 is that of what came.
 */
export async function openSnapshot(connection: Connection, signal: AbortSignal): Promise<SnapshotReading> {
  const member = await chooseMember(connection, signal);
  const stream = createStream(member, signal);
  return { store: member.description, ...stream };
}

function createStream(
  { server, description }: Member,
  signal: AbortSignal,
): Pick<SnapshotReading, 'bytes' | 'bytesTotal' | 'sha256' | 'facts'> {
  const { address } = server;
  const digest = createTrailingDigest();
  const finder = createRevisionFinder();
  let received = 0;
  let total: number | undefined;
  let remaining = '';
  let facts: SnapshotFacts | undefined;

  async function* receive(): AsyncGenerator<Buffer> {
    for await (const message of server.stream('Maintenance/Snapshot', {}, signal)) {
      const { blob, remainingBytes } = message;
      total ??= blob.length + Number(remainingBytes) + digestBytes;
      remaining = remainingBytes;
      digest.take(blob);
      finder.take(blob.subarray(0, Math.max(0, total - digestBytes - received)));
      received += blob.length;
      if (blob.length > 0) yield blob;
    }
  }

  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      yield* receive();
    } catch (error) {
      signal.throwIfAborted();
      throw refusedWithoutRoot(error) ?? brokenOff(error);
    }
    checkWhole();
    const found = finder.found();
    if (found.revision === undefined) {
      throw new HoldfastError(
        'StoreRefused',
        `The snapshot of etcd at ${address} does not tell its revision: ${found.problem}. Its database is damaged, or in a ` +
          `format that this release of Holdfast does not know.`,
        { details: { address } },
      );
    }
    const { revision, compacted } = found;
    facts = await learnFacts(
      server,
      description,
      { revision: String(revision), compacted: String(compacted) },
      signal,
    );
  }

  function checkWhole(): void {
    if (total === undefined || received !== total || remaining !== '0') {
      throw broken(`ended after ${received} of ${total ?? 'an unknown number of'} bytes`);
    }
    const problem = digest.problem();
    if (problem !== undefined) throw broken(problem);
  }

  function broken(what: string, cause?: unknown): HoldfastError {
    return new HoldfastError('StreamBroken', `The snapshot of etcd at ${address} ${what}.`, {
      cause,
      details: { address },
    });
  }

  /** What etcd said in the middle of a snapshot is a broken stream: another member may give it. */
  function brokenOff(error: unknown): unknown {
    if (received === 0 || !(error instanceof HoldfastError) || error.code === 'StreamBroken') return error;
    return broken(`broke off after ${received} of ${total ?? 0} bytes: ${error.message}`, error);
  }

  return {
    bytes: bytes(),
    bytesTotal: () => total,
    sha256: () => digest.sha256(),
    facts: () => {
      if (facts === undefined) throw new HoldfastError('Defect', 'A snapshot was described before its end.');
      return facts;
    },
  };
}
