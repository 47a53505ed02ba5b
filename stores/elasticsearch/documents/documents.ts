import { HoldfastError } from '../../../workflows/contract/errors.ts';
import type { LeftOut } from '../../../workflows/contract/manifest.ts';
import type { DocumentStore } from '../../document-store.ts';
import { openConnection } from '../connection.ts';
import { createRelease, describeCluster } from '../describe.ts';
import type { ClusterSettings } from '../settings.ts';
import { expressionOf, wantedIndices } from '../wanted.ts';
import type { Wanted } from '../wanted.ts';
import { compareDocuments } from './compare.ts';
import { readDefinitions } from './definitions.ts';
import { loadDocuments } from './load.ts';
import { createPageSize, type PageSize } from './page-size.ts';
import { planLoad } from './plan.ts';
import { readSources } from './read.ts';
import { settleLoad } from './settle.ts';

/** With one `_mget`. */
const mostLookedUp = 5_000;

/**
 * An Elasticsearch or OpenSearch as a store of documents.
 *
 * @throws ConfigInvalid where a PEM file cannot be read
 */
export function openDocumentStore(settings: ClusterSettings): DocumentStore {
  const connection = openConnection(settings);
  const releaseOf = createRelease(connection);
  const sizes = new Map<string, PageSize>();
  const sizeFor = (index: string): PageSize => {
    const known = sizes.get(index) ?? createPageSize(mostLookedUp);
    sizes.set(index, known);
    return known;
  };

  return {
    kind: 'elasticsearch',
    describe: (signal) => describeCluster(connection, signal),
    async read(indices, signal) {
      const { product, major } = await releaseOf(signal);
      const wanted = await wantedIndices(connection, expressionOf(indices, product), major, signal);
      const names = wanted.indices.toSorted();
      const { definitions, sources, leftOut } = await readDefinitions(connection, names, signal);
      return {
        definitions,
        leftOut: [...leftOut, ...leftOutSystem(wanted)],
        batches: readSources(connection, product, sources, signal),
      };
    },
    plan: (definitions, wish, signal) => planLoad(connection, definitions, wish, signal),
    compare: (index, documents, signal) =>
      compareDocuments(connection, index, documents, sizeFor(index), signal),
    load: (definitions, plan, batches, options) =>
      loadDocuments(connection, { definitions, plan, sizeFor }, batches, options),
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
    settle: (definitions, plan, wish, signal) => settleLoad(connection, definitions, plan, wish, signal),
    close: () => connection.close(),
  };
}

function leftOutSystem({ system }: Wanted): readonly LeftOut[] {
  if (system.length === 0) return [];
  const reason = 'an index that the cluster keeps for itself: it makes such an index, and fills it';
  return [{ reason, count: system.length, examples: system.slice(0, 20) }];
}
