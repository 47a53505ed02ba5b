import type { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyspaceHash, StoreDescription } from '../../workflows/contract/manifest.ts';
import { patiently } from '../backoff.ts';
import type { SnapshotFacts } from '../store.ts';
import { fullAdvice, isCompacted, wordsOf } from './errors.ts';
import { rangeOf } from './range.ts';
import type { Server } from './server.ts';

/** What a file says of itself: decimal strings. */
export interface FileRevisions {
  readonly revision: string;
  /** `-1`: never. */
  readonly compacted: string;
}

/** What the member that gave a snapshot says of the revision that is in it. */
export async function learnFacts(
  server: Server,
  { details }: StoreDescription,
  file: FileRevisions,
  signal: AbortSignal,
): Promise<SnapshotFacts> {
  const { revision } = file;
  const keyspace = await askHash(server, file, signal);
  const records = await countKeys(server, revision, signal);
  return {
    moment: { index: revision, consistency: 'point-in-time' },
    records,
    ...(keyspace && { keyspace }),
    warnings: warningsOf(details.alarms ?? '', server.address),
  };
}

/**
 * Undefined where the revision has been compacted since: then nothing can be said of it any more.
 *
 * Of a revision up to which it compacted, a member tells the hash that it computed while it did, as before that
 * compaction, which the file cannot give any more; etcd 3.4 tells none. Where that revision still is the newest, `0`
 * has it computed now.
 */
async function askHash(
  server: Server,
  { revision, compacted }: FileRevisions,
  signal: AbortSignal,
): Promise<KeyspaceHash | undefined> {
  const ask = async (wanted: string): Promise<KeyspaceHash> => {
    const call = () => server.call('Maintenance/HashKV', { revision: wanted }, signal);
    const { hash, compactRevision, hashRevision, header } = await patiently(signal, call, isPassing);
    // etcd before 3.5 says it only in the header.
    const newest = hashRevision === '0' ? header.revision : hashRevision;
    return { hash: String(hash), revision: wanted === '0' ? newest : wanted, compactRevision };
  };
  const asked = await unlessCompacted(() => ask(revision));
  if (asked?.compactRevision === compacted) return asked;
  const newest = await ask('0');
  return newest.revision === revision ? newest : asked;
}

/** Of the newest revision where that of the file has been compacted: it is counted for people. */
async function countKeys(server: Server, revision: string, signal: AbortSignal): Promise<number> {
  const count = async (pin: { readonly revision?: string }) => {
    const range = { ...rangeOf(''), countOnly: true, serializable: true, ...pin };
    const answer = await patiently(signal, () => server.call('KV/Range', range, signal), isPassing);
    return Number(answer.count);
  };
  return (await unlessCompacted(() => count({ revision }))) ?? count({});
}

function isPassing(error: HoldfastError): boolean {
  return error.retryable && !isCompacted(wordsOf(error));
}

async function unlessCompacted<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isCompacted(wordsOf(error))) return undefined;
    throw error;
  }
}

function warningsOf(alarms: string, address: string): readonly string[] {
  return alarms
    .split(', ')
    .filter((alarm) => alarm !== '')
    .map((alarm) => {
      const meaning = alarm === 'NOSPACE' ? `: it takes no keys. ${fullAdvice}` : '.';
      return `etcd at ${address} has the alarm ${alarm}${meaning}`;
    });
}
