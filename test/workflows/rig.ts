import { Client, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { type S3Server, startS3 } from '../../services/s3.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { openStorage } from '../../storage/open.ts';
import type { Storage } from '../../storage/storage.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import type { Pace } from '../../worker/watch/observe.ts';
import { createWorkers } from '../../worker/workers.ts';
import { fillConsul, listConsul, transactConsul } from '../stores/plain-consul.ts';
import { type Gate, startGate } from './gate.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

/** Temporal, Consul and S3 as they are, with a worker in this process; gates stand before Consul and S3. */
export interface Rig {
  readonly temporal: TemporalServer;
  readonly client: Client;
  readonly config: Config;
  /** What holdfast.yaml says, where Consul and S3 are reached past the gates. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly consul: ConsulServer;
  readonly consulGate: Gate;
  readonly s3Gate: Gate;
  /** What is stored, seen past the gate. */
  readonly storage: Storage;
  /** Names of all stored objects of a job. */
  stored(job: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** What is special about each job; `prefix` is that of its keys. */
export type Jobs = Readonly<Record<string, { readonly prefix: string } & Readonly<Record<string, unknown>>>>;

export async function startRig(
  jobs: Jobs,
  storages: Readonly<Record<string, unknown>> = {},
  more: {
    /** Further sections of holdfast.yaml. */
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly pace?: Pace;
  } = {},
): Promise<Rig> {
  const started = new AsyncDisposableStack();
  const stopping = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    started.defer(() => server.stop());
    return server;
  };
  try {
    const temporal = stopping(await startTemporal());
    const consul = stopping(await startConsul());
    const s3 = stopping(await startS3({ buckets: ['backups'] }));
    const consulGate = stopping(await startGate(consul.address));
    const s3Gate = stopping(await startGate(s3.address));
    const seen = settingsOf(jobs, storages, consulGate.address, s3Gate.address, s3);
    const config = parse({ ...seen, ...more.settings });
    const settings = settingsOf(jobs, storages, consul.address, s3.address, s3);
    const storage = openStorage(storageSettings(parse(settings)));
    started.defer(() => storage.close());
    const connection = await NativeConnection.connect({ address: temporal.address });
    started.defer(() => connection.close());
    await registerSearchAttributes(connection, 'default');

    const bundle = await workflowBundle();
    const workers = await createWorkers({
      ...{ config, connection, namespace: 'default', bundle, grace: 0 },
      ...(more.pace && { pace: more.pace }),
    });
    const served = workers.run();
    started.defer(async () => {
      workers.stop();
      await served;
    });
    started.defer(() => [consulGate, s3Gate].forEach((gate) => gate.release()));
    return {
      temporal,
      client: new Client({ connection }),
      config,
      settings,
      consul,
      consulGate,
      s3Gate,
      storage,
      stored: (job) => Array.fromAsync(storage.list(`${job}/`), ({ name }) => name),
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

/** Consul without ACLs takes any; what matters here is where it must not appear. */
export const token = 'token-that-no-history-may-hold';

function settingsOf(
  jobs: Jobs,
  storages: Readonly<Record<string, unknown>>,
  consul: string,
  endpoint: string,
  s3: S3Server,
): Rig['settings'] {
  const { region, accessKeyId: access_key_id, secretAccessKey: secret_access_key } = s3;
  const entry = { bucket: 'backups', endpoint, region, path_style: true, access_key_id, secret_access_key };
  return {
    storages: { main: { s3: entry }, ...storages },
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, { prefix, ...job }]) => [
        name,
        {
          storage: 'main',
          ...('etcd' in job || 'elasticsearch' in job ? {} : { consul: { address: consul, prefix, token } }),
          ...job,
        },
      ]),
    ),
  };
}

function parse(settings: Rig['settings']): Config {
  return parseConfig(JSON.stringify(settings), 'holdfast.yaml', { env: {}, unset: 'fail' });
}

function storageSettings({ storages }: Config): Parameters<typeof openStorage>[0] {
  const settings = storages.get('main');
  if (settings === undefined) throw new Error('no storage');
  return settings;
}

/** Sets keys to texts, or deletes them (`null`), past the gate. */
export async function change({ consul }: Rig, keys: Readonly<Record<string, string | null>>): Promise<void> {
  const set = Object.entries(keys).flatMap(([key, value]) =>
    value === null ? [] : [{ key: Buffer.from(key), value: Buffer.from(value) }],
  );
  await fillConsul(consul.address, set);
  const gone = Object.entries(keys).filter(([, value]) => value === null);
  if (gone.length > 0) {
    await transactConsul(
      consul.address,
      gone.map(([Key]) => ({ Verb: 'delete', Key })),
    );
  }
}

/** Every key under a prefix with its text. */
export async function contents({ consul }: Rig, prefix: string): Promise<Record<string, string>> {
  const entries = (await listConsul(consul.address)).filter(({ key }) => key.startsWith(prefix));
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, Buffer.from(value ?? '', 'base64').toString()]),
  );
}

/** The number of events in the history of a run. */
export async function eventCount(handle: WorkflowHandle): Promise<number> {
  return (await handle.fetchHistory()).events?.length ?? 0;
}
