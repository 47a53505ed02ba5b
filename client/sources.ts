import type { Command } from 'commander';
import { keepsOwnBackups, readIdentities, type RepositoryJob, withStorage } from '../activities/open.ts';
import { jobOf } from '../activities/step.ts';
import type { JobConfig } from '../config/config.ts';
import { namePattern } from '../config/formats.ts';
import { configFile, loadConfig } from '../config/load.ts';
import { listJobs } from '../storage/catalog.ts';
import type { Storage } from '../storage/storage.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Io } from './io.ts';
import { globalOptions } from './options.ts';
import { parseStorageAddress } from './storage-address.ts';

/** Options of every command that reads backups. */
export interface SourceOptions {
  readonly storage?: string;
  readonly identity: readonly string[];
}

export function addSourceOptions(command: Command): Command {
  return command
    .option(
      '--storage <address>',
      'read this storage, without a configuration: s3://bucket/prefix?endpoint=…&region=…&path_style=true or file:///directory',
    )
    .option(
      '--identity <file>',
      'a file with an age identity, to decrypt (may be repeated)',
      (file: string, files: readonly string[]) => [...files, file],
      [] as readonly string[],
    );
}

/** For commands that also reach the store. */
export function addStoreOption(command: Command): Command {
  return command.option(
    '--store <address>',
    'with --storage: where the store is, such as http://127.0.0.1:8500 (may be repeated)',
    (address: string, addresses: readonly string[]) => [...addresses, address],
    [] as readonly string[],
  );
}

/** Where the backups of one job are, and what opens them. */
export type BackupSource = Pick<JobConfig, 'name' | 'storage' | 'encryption'> & {
  /** Absent where no configuration names it. */
  readonly store?: JobConfig['store'];
};

/**
 * The jobs meant: the one named, else all of the configuration, or all that the storage holds. Who reads backups alone
 * need not have what the configuration says of stores.
 */
export async function sourcesOf(
  job: string | undefined,
  command: Command,
  io: Io,
  unset: 'fail' | 'keep-in-stores' = 'keep-in-stores',
): Promise<readonly BackupSource[]> {
  const options = command.optsWithGlobals<SourceOptions>();
  const identityFiles = options.identity;
  if (options.storage !== undefined) {
    const storage = parseStorageAddress(options.storage);
    const names =
      job === undefined ? await withStorage({ storage }, (opened) => listJobs(opened, io.signal)) : [job];
    return names.map((name) => ({
      name: checkName(name),
      storage,
      encryption: { recipients: [], allowPlaintext: false, identityFiles },
    }));
  }
  const file = configFile(globalOptions(command).config, io.env);
  const config = await loadConfig(file, { env: io.env, unset });
  const jobs = job === undefined ? [...config.jobs.values()] : [jobOf(config, job)];
  return jobs.map(({ name, storage, store, encryption }) => ({
    ...{ name, storage, store },
    // What the command line names comes first: it was named for this very reading.
    encryption: { ...encryption, identityFiles: [...identityFiles, ...encryption.identityFiles] },
  }));
}

export interface OpenedSource {
  readonly job: string;
  readonly storage: Storage;
  /** Where the store keeps its backups itself, and a configuration says how it is reached. */
  readonly repository?: RepositoryJob;
  /** Absent where no configuration names it. */
  readonly store?: JobConfig['store'];
  /** Reads the identity files, so call it only where something is to be decrypted. */
  identities(): Promise<readonly string[]>;
}

/** Opens the source of one job for the work, and closes it afterwards. */
export async function withSource<T>(
  job: string,
  command: Command,
  io: Io,
  work: (source: OpenedSource) => Promise<T>,
  unset?: Parameters<typeof sourcesOf>[3],
): Promise<T> {
  const [source] = await sourcesOf(job, command, io, unset);
  if (source === undefined) throw new HoldfastError('Defect', `No source for ${job}.`);
  return openSource(source, work);
}

export async function openSource<T>(
  source: BackupSource,
  work: (source: OpenedSource) => Promise<T>,
): Promise<T> {
  const { name, store } = source;
  const job = store && { name, store };
  return withStorage(source, (storage) =>
    work({
      ...{ job: name, storage, identities: () => readIdentities(source) },
      ...(store && { store }),
      ...(job && keepsOwnBackups(job) && { repository: job }),
    }),
  );
}

function checkName(job: string): string {
  if (namePattern.test(job)) return job;
  throw new HoldfastError('BadRequest', `${JSON.stringify(job)} cannot be the name of a job.`);
}
