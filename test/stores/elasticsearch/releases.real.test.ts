import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startElasticsearch, type ElasticsearchVersion } from '../../../services/elasticsearch.ts';
import { openElasticsearch } from '../../../stores/elasticsearch/elasticsearch.ts';
import { fill, settingsFor } from './plain.ts';
import { proving, renamed } from './suite.ts';

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

/** The oldest and the newest release: the whole way once, with a password where that is not the default. */
test.each<[ElasticsearchVersion, string | undefined]>([
  ['7.17.28', 'open sesame'],
  ['9.1.0', undefined],
])(
  'Elasticsearch %s: snapshot, restore, proof',
  async (version, password) => {
    const server = await startElasticsearch({ version, ...(password === undefined ? {} : { password }) });
    const definition = { type: 'fs', settings: { location: join(server.repositories, 'one') } };
    const auth = password === undefined ? {} : { auth: { user: 'holdfast', password } };
    const store = openElasticsearch(settingsFor(server.address, definition, auth), 'search');
    try {
      expect(await store.describe(quiet.signal)).toMatchObject({
        version,
        details: { product: 'elasticsearch' },
      });
      await store.prepare(quiet.signal);
      const login = password === undefined ? '' : `holdfast:${encodeURIComponent(password)}@`;
      await fill(server.address.replace('//', `//${login}`), 'one', 40);
      const { snapshot, facts } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
      expect(facts).toMatchObject([{ index: 'one', documents: 40, settled: true }]);
      const plan = await store.planRestore(facts, renamed, quiet.signal);
      await store.applyRestore(snapshot.name, plan, renamed, quiet);
      expect(await store.proveRestore(facts, plan, proving)).toMatchObject({
        ...{ indices: 1, documents: 40, samples: 20, differing: 0, notCounted: 0 },
      });
      expect(await store.remove(snapshot.name, quiet.signal)).toBe(true);
    } finally {
      store.close();
      await server.stop();
    }
  },
  300_000,
);
