import { z } from 'zod';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { readAs } from './connection.ts';
import type { Connection } from './connection.ts';
import type { Answer } from './server.ts';

export type Product = 'elasticsearch' | 'opensearch';

/** What of a cluster decides how it is asked. */
export interface Release {
  readonly product: Product;
  readonly major: number;
}

/** Asks once, and again only where that failed. */
export function createRelease(connection: Connection): (signal: AbortSignal) => Promise<Release> {
  let known: Release | undefined;
  return async (signal) => {
    if (known === undefined) {
      const { version, details } = await describeCluster(connection, signal);
      const product = details['product'] === 'opensearch' ? 'opensearch' : 'elasticsearch';
      known = { product, major: Number.parseInt(version, 10) };
    }
    return known;
  };
}

const root = z.object({
  cluster_name: z.string(),
  cluster_uuid: z.string(),
  version: z.object({ number: z.string(), distribution: z.string().optional() }),
});
const nodes = z.object({
  cluster_name: z.string(),
  nodes: z.record(z.string(), z.object({ version: z.string() })),
});
const state = z.object({ cluster_uuid: z.string() });

/** Who answers, and that the cluster has a master. `details`: `product`, `cluster`, `clusterUuid`. */
export async function describeCluster(
  connection: Connection,
  signal: AbortSignal,
): Promise<StoreDescription> {
  const found = await identify(connection, signal);
  // Fails with 503 where there is no master.
  await connection.ask({ method: 'GET', path: '/_cluster/health?timeout=10s', signal, accepted: [408] });
  return { kind: 'elasticsearch', ...found };
}

type Found = Pick<StoreDescription, 'version' | 'address' | 'details'>;

async function identify(connection: Connection, signal: AbortSignal): Promise<Found> {
  const request = { method: 'GET', path: '/', signal, accepted: [404, 405] } as const;
  const answer = await connection.ask(request);
  if (answer.status !== 200) return identifyByNode(connection, answer, signal);
  const { cluster_name: cluster, cluster_uuid: clusterUuid, version } = readAs(root, answer, request);
  const product: Product = version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch';
  return { version: version.number, address: answer.address, details: { product, cluster, clusterUuid } };
}

/** Where `GET /` is not served (a proxy that keeps it away, a build without that module). */
async function identifyByNode(
  connection: Connection,
  { product: said }: Answer,
  signal: AbortSignal,
): Promise<Found> {
  const request = { method: 'GET', path: '/_nodes/_local/settings?flat_settings=true', signal } as const;
  const answer = await connection.ask(request);
  const { cluster_name: cluster, nodes: found } = readAs(nodes, answer, request);
  const version = Object.values(found)[0]?.version ?? 'unknown';
  const uuid = await connection.read(state, {
    method: 'GET',
    path: '/_cluster/state/version?filter_path=cluster_uuid',
    signal,
  });
  const product: Product = said === 'Elasticsearch' ? 'elasticsearch' : 'opensearch';
  return { version, address: answer.address, details: { product, cluster, clusterUuid: uuid.cluster_uuid } };
}
