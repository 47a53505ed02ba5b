import type { Storage } from '../storage/storage.ts';
import type { RepositoryStore } from '../stores/repository-store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Check, DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { readFacts } from './index-facts.ts';
import { type RepositoryJob, withRepository } from './open.ts';

type Verifiable = Pick<Manifest, 'job' | 'id' | 'objects' | 'snapshot'>;

/** What reads the facts; `job` is absent where no configuration says how the cluster is reached. */
export interface IndexVerifying {
  readonly job?: RepositoryJob | undefined;
  readonly storage: Storage;
  readonly identities: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Reads the stored facts back, and asks the repository for the snapshot: it must be there, whole, and hold the same
 * indices. Its data stays with the cluster, which compares checksums when it restores.
 *
 * @throws ArchiveCorrupt, DecryptFailed, ObjectMissing where the snapshot is gone, VerifyFailed where it differs
 */
export async function verifyIndices(
  { job, storage, identities, signal }: IndexVerifying,
  backup: Verifiable,
  object: DataObject,
): Promise<readonly Check[]> {
  if (object.encryption !== 'none' && identities.length === 0)
    return [notAsked('nobody here has an identity to decrypt the facts with')];
  const facts = await readFacts(storage, backup, identities, signal);
  if (job === undefined) return [notAsked('no configuration says how the cluster is reached')];
  const indices = facts.map(({ index }) => index);
  return withRepository(job, async (store) => [await compare(store, backup, indices, signal)]);
}

async function compare(
  store: RepositoryStore,
  { id, snapshot }: Verifiable,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<Check> {
  const name = snapshot?.name ?? '';
  const found = await store.find(name, signal);
  if (found === undefined || found.uuid !== snapshot?.uuid) {
    throw new HoldfastError(
      'ObjectMissing',
      `The snapshot ${name} of backup ${id} is no longer in the repository ${snapshot?.repository ?? ''}: ` +
        `${found === undefined ? 'it is gone' : 'another one has its name'}.`,
    );
  }
  const there = new Set(found.indices);
  const missing = indices.filter((index) => !there.has(index));
  const whole = found.state === 'SUCCESS' && found.shards.failed === 0;
  if (whole && missing.length === 0) {
    const { total } = found.shards;
    return {
      name: snapshotCheck,
      outcome: 'equal',
      detail: `${name} is in the repository ${snapshot.repository}, whole: ${there.size} indices, ${total} shards`,
    };
  }
  throw new HoldfastError(
    'VerifyFailed',
    `The snapshot ${name} of backup ${id} is not what it was: state ${found.state}, ${found.shards.failed} shards ` +
      `failed${missing.length === 0 ? '' : `, without ${missing.slice(0, 10).join(', ')}`}.`,
  );
}

const snapshotCheck = 'snapshot';

function notAsked(why: string): Check {
  return { name: snapshotCheck, outcome: 'not done', detail: `the repository was not asked: ${why}` };
}
