import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findOrBuild } from './cache/find.ts';
import { tryLock } from './cache/lock.ts';
import type { Tool } from './cache/tool.ts';
import { consul, startConsul, type ConsulServer } from './consul.ts';
import { etcd, etcdctl, etcdutl, startEtcd, type EtcdServer } from './etcd.ts';
import { findJava } from './java.ts';
import { moto, startMoto, type MotoServer } from './moto.ts';
import { opensearch, opensearchJava, startOpenSearch, type OpenSearchServer } from './opensearch.ts';
import { isFree } from './ports.ts';
import { startS3, versitygw, type S3Server } from './s3.ts';
import { canKeepDataIn, requireReachable } from './search-node.ts';
import type { RunningServer } from './server.ts';
import { startTemporal, temporal, type TemporalServer } from './temporal.ts';

export const tools: readonly Tool[] = [temporal, consul, versitygw, etcd, etcdctl, etcdutl];

/** One after the other: each build uses all processors by itself. */
export async function buildAll(): Promise<void> {
  for (const tool of tools) await findOrBuild(tool);
}

/** The development set: everything a worker needs, on loopback. */
export interface Services {
  readonly temporal: TemporalServer;
  readonly consul: ConsulServer;
  readonly etcd: EtcdServer;
  readonly s3: S3Server;
  readonly bucket: string;
  /** Where it was asked for, or why it is not there: without a JDK, the others are worth something still. */
  readonly opensearch?: OpenSearchServer | { readonly missing: string };
  /** ECS, in the same way: where it was asked for, or why it is not there (it needs Python). */
  readonly ecs?: MotoServer | { readonly missing: string };
  /** Where the servers keep their data; there again at the next start. */
  readonly directory: string;
  /** What a worker and the command line need to reach them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when one of them ends, wanted or not. */
  readonly oneEnded: Promise<RunningServer>;
  stop(): Promise<void>;
}

/**
 * Starts Temporal with its UI, Consul, etcd and S3 on their well-known ports, or on free ones where those are taken.
 * @param base where the data goes; a second set that runs at the same time gets `<base>-2`, and so on.
 * @param options `opensearch`, `ecs`: start these too, where this machine can
 */
export async function startAll(
  base: string,
  options: { readonly opensearch?: boolean; readonly ecs?: boolean } = {},
): Promise<Services> {
  await buildAll();
  const missing = options.opensearch ? await whyNoOpenSearch() : undefined;
  const noEcs = options.ecs ? await reasonOf(findOrBuild(moto)) : undefined;
  const { directory, release } = await ownDirectory(base);
  const bucket = 'holdfast';
  const starting = [
    startTemporal({
      ...(await wellKnown(7233)),
      ui: (await isFree(8233)) ? 8233 : true,
      dbFile: join(directory, 'temporal.db'),
    }),
    startConsul({ ...(await wellKnown(8500)), dataDir: join(directory, 'consul') }),
    startEtcd({ ...(await wellKnown(2379)), dataDir: join(directory, 'etcd') }),
    startS3({ ...(await wellKnown(7070)), dataDir: join(directory, 's3'), buckets: [bucket] }),
  ] as const;
  const wanted = options.opensearch && missing === undefined;
  const search = wanted
    ? starting[3].then((s3) => startSearch(s3, join(directory, 'opensearch')))
    : undefined;
  const ecs = options.ecs && noEcs === undefined ? wellKnown(5000).then(startMoto) : undefined;
  const stop = async () => {
    const started = await Promise.allSettled([
      ...starting,
      ...(search ? [search] : []),
      ...(ecs ? [ecs] : []),
    ]);
    const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all(servers.map((server) => server.stop()));
    await release();
  };
  try {
    const [[temporal, consul, etcd, s3], node, mock] = await Promise.all([
      Promise.all(starting),
      search,
      ecs,
    ]);
    const servers: readonly RunningServer[] = [
      ...[temporal, consul, etcd, s3],
      ...(node ? [node] : []),
      ...(mock ? [mock] : []),
    ];
    const oneEnded = Promise.race(servers.map((server) => server.ended.then(() => server)));
    const environment = {
      ...environmentFor(temporal, consul, etcd, s3),
      ...(node ? { OPENSEARCH_URL: node.address } : {}),
      ...(mock ? { AWS_ENDPOINT_URL_ECS: mock.address } : {}),
    };
    const optional = {
      ...(node ? { opensearch: node } : missing === undefined ? {} : { opensearch: { missing } }),
      ...(mock ? { ecs: mock } : noEcs === undefined ? {} : { ecs: { missing: noEcs } }),
    };
    const all = { temporal, consul, etcd, s3, ...optional };
    return { ...all, bucket, directory, environment, oneEnded, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function whyNoOpenSearch(): Promise<string | undefined> {
  return reasonOf(
    findJava(opensearchJava)
      .then(requireReachable)
      .then(() => findOrBuild(opensearch)),
  );
}

/** Why something cannot be had; undefined where it can. */
async function reasonOf(wanted: Promise<unknown>): Promise<string | undefined> {
  return wanted.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

async function startSearch(s3: S3Server, dataDir: string): Promise<OpenSearchServer> {
  const keeps = await canKeepDataIn(dataDir);
  return startOpenSearch({ ...(await wellKnown(9200)), s3, ...(keeps ? { dataDir } : {}) });
}

async function wellKnown(port: number): Promise<{ port?: number }> {
  return (await isFree(port)) ? { port } : {};
}

async function ownDirectory(base: string) {
  for (let n = 1; ; n++) {
    const directory = n === 1 ? base : `${base}-${n}`;
    await mkdir(directory, { recursive: true });
    const release = await tryLock(join(directory, 'in-use.lock'));
    if (release) return { directory, release };
  }
}

function environmentFor(temporal: TemporalServer, consul: ConsulServer, etcd: EtcdServer, s3: S3Server) {
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    CONSUL_HTTP_ADDR: consul.address,
    ETCDCTL_ENDPOINTS: etcd.address,
    AWS_ENDPOINT_URL_S3: s3.address,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}
