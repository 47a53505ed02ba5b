import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { RepositoryStore } from '../repository-store.ts';
import { swapAliases } from './aliases.ts';
import { openConnection } from './connection.ts';
import { createRelease, describeCluster } from './describe.ts';
import { proveRestore } from './prove.ts';
import { cleanRepository, ensureRepository, verifyRepository } from './repository.ts';
import { applyRestore } from './restore.ts';
import { planRestore } from './restore-plan.ts';
import type { ElasticsearchSettings } from './settings.ts';
import { snapshotName } from './snapshot-name.ts';
import { deleteSnapshot, findSnapshot, listSnapshots } from './snapshot.ts';
import { takeSnapshot } from './take.ts';

/**
 * An Elasticsearch or OpenSearch as a store that keeps its own snapshots.
 *
 * @param job whose snapshots these are
 * @throws ConfigInvalid where a PEM file cannot be read
 */
export function openElasticsearch(settings: ElasticsearchSettings, job: string): RepositoryStore {
  const connection = openConnection(settings);
  const nameOf = (id: string) => snapshotName(settings.snapshotName, job, id);
  const releaseOf = createRelease(connection);

  return {
    kind: 'elasticsearch',
    describe: (signal) => describeCluster(connection, signal),
    async prepare(signal) {
      await ensureRepository(connection, signal);
      await verifyRepository(connection, signal);
    },
    nameOf,
    async take(id, options) {
      const naming = { ...(await releaseOf(options.signal)), job, id, name: nameOf(id) };
      return takeSnapshot(connection, naming, options);
    },
    find: (name, signal) => findSnapshot(connection, name, signal),
    listOwn: async (signal) =>
      (await listSnapshots(connection, signal)).filter(({ owner }) => owner?.job === job),
    async remove(name, signal) {
      const found = await findSnapshot(connection, name, signal);
      if (found === undefined) return false;
      if (found.owner?.job === job) return deleteSnapshot(connection, name, signal);
      throw new HoldfastError(
        'StoreRefused',
        `Job ${job}: the snapshot ${name} is not Holdfast’s, and was left alone.`,
      );
    },
    cleanUp: (signal) => cleanRepository(connection, signal),
    planRestore: (facts, wish, signal) => planRestore(connection, facts, wish, signal),
    async applyRestore(snapshot, plan, wish, options) {
      const { product } = await releaseOf(options.signal);
      await applyRestore(connection, product, snapshot, plan, wish, options);
    },
    proveRestore: (facts, plan, options) => proveRestore(connection, facts, plan, options),
    swapAliases: (facts, plan, signal) => swapAliases(connection, facts, plan, signal),
    close: () => connection.close(),
  };
}
