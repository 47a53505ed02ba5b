import type { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyspaceHash, StoreDescription } from '../../workflows/contract/manifest.ts';
import { patiently } from '../backoff.ts';
import type { SnapshotFacts } from '../store.ts';
import { fullAdvice, isCompacted, wordsOf } from './errors.ts';
import { rangeOf } from './range.ts';
import type { Server } from './server.ts';

/** What the member that gave a snapshot says of the revision that is in it. */
export async function learnFacts(
  server: Server,
  { details }: StoreDescription,
  revision: string,
  signal: AbortSignal,
): Promise<SnapshotFacts> {
  const keyspace = await askHash(server, revision, signal);
  const records = await countKeys(server, revision, signal);
  return {
    moment: { index: revision, consistency: 'point-in-time' },
    records,
    ...(keyspace && { keyspace }),
    warnings: warningsOf(details.alarms ?? '', server.address),
  };
}

/** Undefined where the revision has been compacted since: then nothing can be said of it any more. */
async function askHash(
  server: Server,
  revision: string,
  signal: AbortSignal,
): Promise<KeyspaceHash | undefined> {
  return unlessCompacted(async () => {
    const answer = await patiently(
      signal,
      () => server.call('Maintenance/HashKV', { revision }, signal),
      isPassing,
    );
    const { hash, compactRevision } = answer;
    return { hash: String(hash), revision, compactRevision };
  });
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
