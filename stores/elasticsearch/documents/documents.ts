import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { DocumentStore } from '../../document-store.ts';
import { openConnection } from '../connection.ts';
import { createRelease, describeCluster } from '../describe.ts';
import type { ElasticsearchSettings } from '../settings.ts';
import { expressionOf, wantedIndices } from '../wanted.ts';
import { readDefinitions } from './definitions.ts';
import { loadDocuments } from './load.ts';
import { planLoad } from './plan.ts';
import { readSources } from './read.ts';

/**
 * An Elasticsearch or OpenSearch as a store of documents. Of its settings, those of repositories and snapshots are
 * not used.
 *
 * @throws ConfigInvalid where a PEM file cannot be read
 */
export function openDocumentStore(settings: ElasticsearchSettings): DocumentStore {
  const connection = openConnection(settings);
  const releaseOf = createRelease(connection);

  return {
    kind: 'elasticsearch',
    describe: (signal) => describeCluster(connection, signal),
    async read(signal) {
      const { product, major } = await releaseOf(signal);
      const wanted = await wantedIndices(connection, expressionOf(connection, product), major, signal);
      const names = wanted.indices.toSorted();
      const { definitions, sources, leftOut } = await readDefinitions(connection, names, signal);
      return { definitions, leftOut, batches: readSources(connection, product, sources, signal) };
    },
    plan: (definitions, wish, signal) => planLoad(connection, definitions, wish, signal),
    load: (definitions, plan, batches, options) =>
      loadDocuments(connection, definitions, plan, batches, options),
    async readBack(plan, signal) {
      const loads = plan.filter(({ op }) => op === 'add');
      const names = new Map(loads.map(({ index, target }) => [target, index]));
      const { sources } = await readDefinitions(connection, [...names.keys()], signal);
      if (sources.length !== loads.length) {
        throw new HoldfastError('RestoreUnproven', 'Some of the restored indices are not there any more.');
      }
      const renamed = sources.map((source) => ({ ...source, as: names.get(source.index) ?? source.index }));
      const { product } = await releaseOf(signal);
      return readSources(connection, product, renamed, signal);
    },
    close: () => connection.close(),
  };
}
