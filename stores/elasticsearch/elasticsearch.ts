import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { RepositoryStore } from '../repository-store.ts';
import { swapAliases } from './aliases.ts';
import { openConnection } from './connection.ts';
import { describeCluster } from './describe.ts';
import type { Product } from './describe.ts';
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
  let product: Product | undefined;

  async function productOf(signal: AbortSignal): Promise<Product> {
    product ??= (await describeCluster(connection, signal)).details['product'] as Product;
    return product;
  }

  return {
    kind: 'elasticsearch',
    describe: (signal) => describeCluster(connection, signal),
    async prepare(signal) {
      await ensureRepository(connection, signal);
      await verifyRepository(connection, signal);
    },
    nameOf,
    async take(id, options) {
      const naming = { product: await productOf(options.signal), job, id, name: nameOf(id) };
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
    applyRestore: async (snapshot, plan, wish, options) =>
      applyRestore(connection, await productOf(options.signal), snapshot, plan, wish, options),
    proveRestore: (facts, plan, signal) => proveRestore(connection, facts, plan, signal),
    swapAliases: (facts, plan, signal) => swapAliases(connection, facts, plan, signal),
    close: () => connection.close(),
  };
}
