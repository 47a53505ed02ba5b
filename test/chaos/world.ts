import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { type S3Server, startS3 } from '../../services/s3.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { type FaultProxy, startFaultProxy } from '../storage/fault-proxy.ts';
import { type BareBucket, openBareBucket } from './bare-bucket.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** Everything as it is in production, each server and each worker a process; proxies stand before Consul and S3. */
export interface World {
  readonly temporal: TemporalServer;
  readonly consul: ConsulServer;
  readonly s3: S3Server;
  readonly consulProxy: FaultProxy;
  readonly s3Proxy: FaultProxy;
  /** The objects, past the proxy. */
  readonly bucket: BareBucket;
  readonly client: Client;
  readonly config: Config;
  readonly configFile: string;
  /** For what a test keeps on disk; removed at the end. */
  readonly scratch: string;
  startWorker(): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

/** What is special about each job; `prefix` is that of its keys. They are Consul's where it names no etcd. */
export type Jobs = Readonly<
  Record<string, { readonly prefix: string; readonly bucket?: string } & Readonly<Record<string, unknown>>>
>;

export const mainBucket = 'backups';

/** Without settings of its own a worker serves no status page: several run at once here. */
export async function startWorld(
  jobs: Jobs,
  workerSettings: object = { status: { port: 0 } },
): Promise<World> {
  const started = new AsyncDisposableStack();
  const stopping = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    started.defer(() => server.stop());
    return server;
  };
  try {
    const scratch = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
    started.defer(() => rm(scratch, { recursive: true, force: true }));
    const buckets = [mainBucket, ...Object.values(jobs).flatMap(({ bucket = [] }) => bucket)];
    const [temporal, consul, s3] = await Promise.all([
      startTemporal({ dbFile: join(scratch, 'temporal.db') }).then(stopping),
      startConsul({ dataDir: join(scratch, 'consul') }).then(stopping),
      startS3({ dataDir: join(scratch, 's3'), buckets }).then(stopping),
      // Several workers that start at once would each make it.
      workflowBundle(),
    ]);
    const consulProxy = await startFaultProxy(consul.address);
    started.defer(() => consulProxy.close());
    const s3Proxy = await startFaultProxy(s3.address);
    started.defer(() => s3Proxy.close());
    const bucket = openBareBucket(s3, mainBucket);
    started.defer(() => bucket.close());

    const settings = JSON.stringify({
      temporal: { address: temporal.address },
      worker: workerSettings,
      ...settingsOf(jobs, consulProxy.address, s3Proxy.address, s3),
    });
    // YAML takes JSON as it is.
    const configFile = join(scratch, 'holdfast.yaml');
    await writeFile(configFile, settings);
    const connection = await Connection.connect({ address: temporal.address });
    started.defer(() => connection.close());
    return {
      ...{ temporal, consul, s3, consulProxy, s3Proxy, bucket, configFile, scratch },
      client: new Client({ connection }),
      config: parseConfig(settings, configFile, { env: {}, unset: 'fail' }),
      async startWorker() {
        const worker = await startWorkerProcess(configFile);
        started.defer(() => worker.kill());
        return worker;
      },
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

function settingsOf(jobs: Jobs, consul: string, endpoint: string, s3: S3Server): object {
  const { region, accessKeyId: access_key_id, secretAccessKey: secret_access_key } = s3;
  const entries = Object.entries(jobs).map(([name, { prefix, bucket = mainBucket, ...job }]) => ({
    name,
    storage: { s3: { bucket, endpoint, region, path_style: true, access_key_id, secret_access_key } },
    job: {
      storage: name,
      ...('etcd' in job || 'elasticsearch' in job ? {} : { consul: { address: consul, prefix } }),
      ...job,
    },
  }));
  return {
    storages: Object.fromEntries(entries.map(({ name, storage }) => [name, storage])),
    jobs: Object.fromEntries(entries.map(({ name, job }) => [name, job])),
  };
}
