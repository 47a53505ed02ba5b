import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { LeftOut } from '../../workflows/contract/manifest.ts';
import type { SnapshotProgress, Taken, TakeOptions } from '../repository-store.ts';
import type { RepositoryConnection } from './connection.ts';
import type { Product } from './describe.ts';
import { describeIndices, readFacts } from './indices.ts';
import { inPaths } from './patterns.ts';
import { beginSnapshot, deleteSnapshot, findSnapshot, followSnapshot } from './snapshot.ts';
import type { Found } from './snapshot.ts';
import { expressionOf, wantedIndices } from './wanted.ts';
import type { Wanted } from './wanted.ts';
import { digestOf, readWritten } from './writes.ts';
import type { Written } from './writes.ts';

export interface Naming {
  readonly product: Product;
  readonly major: number;
  readonly job: string;
  readonly id: string;
  readonly name: string;
}

/** Takes the snapshot, or finds the one that an earlier attempt began; waits for it; and looks at what it holds. */
export async function takeSnapshot(
  connection: RepositoryConnection,
  naming: Naming,
  { signal, mayBeEmpty, onProgress }: TakeOptions,
): Promise<Taken> {
  const { job, name } = naming;
  const patterns = expressionOf(connection.settings.indices, naming.product);
  const wanted = await wantedIndices(connection, patterns, naming.major, signal);
  if (wanted.indices.length === 0 && !mayBeEmpty) {
    const what = connection.settings.indices.join(', ');
    throw new HoldfastError('StoreEmpty', `Job ${job}: the cluster has no index that ${what} names.`);
  }
  const before = await readWritten(connection, patterns, signal);
  const earlier = await findOwn(connection, naming, signal);
  if (earlier === undefined) await begin(connection, naming, patterns, digestOf(before), signal);

  let last: SnapshotProgress = { shards: 0, shardsTotal: 0, bytes: 0, bytesTotal: 0 };
  const found = await followSnapshot(connection, name, signal, (progress) => {
    last = progress;
    onProgress(progress);
  });
  requireOwn(found, naming);
  requireWhole(found, await missingIn(connection, found, wanted, signal));
  // An earlier attempt began it: whether something was written since, only its own mark can tell.
  const comparable = earlier === undefined || earlier.writes === digestOf(before);
  const { facts, leftOut } = await readFacts(
    connection,
    found,
    comparable ? before : new Map<string, Written>(),
    // Many indices take a while, in which the snapshot itself moves no more.
    { signal, onIndex: () => onProgress(last) },
  );
  return { snapshot: found, facts, leftOut: [...leftOut, ...leftOutSystem(found, wanted)] };
}

async function begin(
  connection: RepositoryConnection,
  { job, id, name }: Naming,
  indices: readonly string[],
  writes: string,
  signal: AbortSignal,
): Promise<void> {
  const options = { indices, owner: { job, id }, writes, signal };
  try {
    await beginSnapshot(connection, name, options);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'SnapshotIncomplete') throw error;
    // A primary that moves is there again in a moment; one that is lost is not.
    const path = '/_cluster/health?wait_for_status=yellow&timeout=10s';
    await connection.ask({ method: 'GET', path, signal, accepted: [408] });
    await beginSnapshot(connection, name, options);
  }
}

/** What an earlier attempt of the same backup left: it goes on or is done; where it failed, it is taken anew. */
async function findOwn(
  connection: RepositoryConnection,
  naming: Naming,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const found = await findSnapshot(connection, naming.name, signal);
  if (found === undefined) return undefined;
  requireOwn(found, naming);
  if (found.state === 'IN_PROGRESS' || found.state === 'SUCCESS') return found;
  await deleteSnapshot(connection, naming.name, signal);
  return undefined;
}

function requireOwn({ owner, name }: Found, { job, id }: Naming): void {
  if (owner?.job === job && owner.id === id) return;
  const whose =
    owner === undefined ? 'somebody else took it' : `it is the backup ${owner.id} of ${owner.job}`;
  throw new HoldfastError('BackupExists', `Job ${job}: there is a snapshot ${name} already, and ${whose}.`);
}

/** Not in the snapshot, though they were there when it began, and are there still. */
async function missingIn(
  connection: RepositoryConnection,
  { indices, startedAt }: Found,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const there = new Set(indices);
  const missing: string[] = [];
  for (const names of inPaths(wanted.indices.filter((index) => !there.has(index)))) {
    for (const [index, { settings }] of Object.entries(await describeIndices(connection, names, signal))) {
      // An attempt that finds the snapshot of an earlier one sees indices, too, that have come since.
      if (Number(settings['index.creation_date']) <= startedAt) missing.push(index);
    }
  }
  return missing;
}

/** Elasticsearch takes its own indices only with their features. */
function leftOutSystem({ indices }: Found, { system }: Wanted): readonly LeftOut[] {
  const there = new Set(indices);
  const absent = system.filter((index) => !there.has(index));
  if (absent.length === 0) return [];
  const reason = 'an index that the cluster keeps for itself: it is in a snapshot only by `feature_states`';
  return [{ reason, count: absent.length, examples: absent.slice(0, 20) }];
}

/** @throws SnapshotIncomplete with the shards and reasons */
function requireWhole({ name, state, shards, failures }: Found, missing: readonly string[]): void {
  if (state === 'SUCCESS' && shards.failed === 0 && failures.length === 0 && missing.length === 0) return;
  const problems = [
    ...(state === 'SUCCESS' ? [] : [`its state is ${state}`]),
    ...(shards.failed === 0 ? [] : [`${shards.failed} of ${shards.total} shards failed`]),
    ...failures.slice(0, 20),
    ...(missing.length === 0 ? [] : [`missing in it: ${missing.slice(0, 20).join(', ')}`]),
  ];
  throw new HoldfastError(
    'SnapshotIncomplete',
    `The snapshot ${name} is not whole: ${problems.join('; ')}.`,
    {
      details: { state, failed: shards.failed, missing: missing.length },
    },
  );
}
