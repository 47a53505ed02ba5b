import { readFile } from 'node:fs/promises';
import type { ByteSource } from '../archive/archive.ts';
import type { JobConfig } from '../config/config.ts';
import { openStorage as openStorageOf } from '../storage/open.ts';
import type { Storage } from '../storage/storage.ts';
import { openConsul, openConsulSnapshots } from '../stores/consul/consul.ts';
import { openDocumentStore } from '../stores/elasticsearch/documents/documents.ts';
import { openElasticsearch } from '../stores/elasticsearch/elasticsearch.ts';
import { openEtcd, openEtcdSnapshots } from '../stores/etcd/etcd.ts';
import type { DocumentStore } from '../stores/document-store.ts';
import type { RepositoryStore } from '../stores/repository-store.ts';
import type { KeyStore, SnapshotStore } from '../stores/store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { CaptureInput } from '../workflows/contract/backup.ts';

/** Both ends of a backup. */
export interface Ends {
  readonly store: KeyStore | SnapshotStore;
  readonly storage: Storage;
}

export function givesSnapshots(store: Ends['store']): store is SnapshotStore {
  return 'snapshot' in store;
}

export function openStorage({ storage }: Pick<JobConfig, 'storage'>): Storage {
  return openStorageOf(storage);
}

/** The keys of a job's store, also where its backups are snapshots. @throws BadRequest where it has none */
export function openStore({ name, store }: Pick<JobConfig, 'name' | 'store'>): KeyStore {
  switch (store.kind) {
    case 'consul':
      return openConsul(store.consul);
    case 'etcd':
      return openEtcd(store.etcd);
    case 'elasticsearch':
      throw new HoldfastError('BadRequest', `Job ${name} stands for indices; it has no keys.`);
  }
}

/** A job that stands for indices. */
export type SearchJob = Pick<JobConfig, 'name'> & {
  readonly store: Extract<JobConfig['store'], { kind: 'elasticsearch' }>;
};

export function holdsIndices<Job extends Pick<JobConfig, 'name' | 'store'>>(
  job: Job,
): job is Job & SearchJob {
  return job.store.kind === 'elasticsearch';
}

/** A job whose store keeps its backups itself. */
export type RepositoryJob = Pick<JobConfig, 'name'> & {
  readonly store: Extract<JobConfig['store'], { mode: 'snapshot'; kind: 'elasticsearch' }>;
};

export function keepsOwnBackups<Job extends Pick<JobConfig, 'name' | 'store'>>(
  job: Job,
): job is Job & RepositoryJob {
  return job.store.kind === 'elasticsearch' && job.store.mode === 'snapshot';
}

export async function withRepository<Result>(
  { name, store }: RepositoryJob,
  work: (store: RepositoryStore) => Promise<Result>,
): Promise<Result> {
  const opened = openElasticsearch(store.elasticsearch, name);
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

/** The documents of a cluster, also where its backups are snapshots. */
export async function withDocuments<Result>(
  { store }: SearchJob,
  work: (store: DocumentStore) => Promise<Result>,
): Promise<Result> {
  const opened = openDocumentStore(store.elasticsearch);
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

/**
 * What a backup reads. A safety backup is of what is about to be overwritten, whatever the job's are of: keys, or all of
 * Consul.
 */
function openSource(
  job: JobConfig,
  { reason, scope }: Pick<CaptureInput, 'reason' | 'scope'>,
): Ends['store'] {
  const { store } = job;
  if (store.kind === 'consul' && scope?.whole === true) return openConsulSnapshots(store.consul);
  if (store.kind === 'elasticsearch' || store.mode === 'keys' || reason === 'safety') return openStore(job);
  return store.kind === 'etcd' ? openEtcdSnapshots(store.etcd) : openConsulSnapshots(store.consul);
}

/** Opens both ends for the work, and closes them after it, whatever became of it. */
export async function withEnds<Result>(
  job: JobConfig,
  wanted: Pick<CaptureInput, 'reason' | 'scope'>,
  work: (ends: Ends) => Promise<Result>,
): Promise<Result> {
  return withStorage(job, async (storage) => {
    const store = openSource(job, wanted);
    try {
      return await work({ store, storage });
    } finally {
      await store.close();
    }
  });
}

export async function withStorage<Result>(
  job: Pick<JobConfig, 'storage'>,
  work: (storage: Storage) => Promise<Result>,
): Promise<Result> {
  const storage = openStorage(job);
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** One stored object, as the archive reads it. */
export function byteSource(storage: Storage, name: string, signal: AbortSignal): ByteSource {
  return (range) => storage.get(name, { ...range, signal });
}

/**
 * The age identities of a job, out of its files; lines that begin with `#` are comments.
 *
 * @throws ConfigInvalid
 */
export async function readIdentities({
  name,
  encryption,
}: Pick<JobConfig, 'name' | 'encryption'>): Promise<readonly string[]> {
  const identities: string[] = [];
  for (const file of encryption.identityFiles) {
    const lines = (await readIdentityFile(name, file)).split('\n').map((line) => line.trim());
    const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
    if (found.length === 0)
      throw new HoldfastError('ConfigInvalid', `Job ${name}: ${file} holds no age identity.`);
    identities.push(...found);
  }
  return identities;
}

async function readIdentityFile(job: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new HoldfastError(
      'ConfigInvalid',
      `Job ${job}: the identity file ${file} cannot be read (${why}).`,
      {
        cause,
      },
    );
  }
}
