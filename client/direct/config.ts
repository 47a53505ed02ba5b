import { withStorage } from '../../activities/open.ts';
import { jobOf } from '../../activities/step.ts';
import type { Config } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { findBackup } from '../../storage/find.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Io } from '../io.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { parseStorageAddress } from '../storage-address.ts';
import { configAlone } from './config-alone.ts';

/**
 * What a restore by this process works with: holdfast.yaml and every secret in it, or what the command line names.
 *
 * @throws BadRequest, ConfigInvalid, BackupNotFound
 */
export async function directConfig(
  job: string,
  which: string,
  options: RestoreOptions,
  io: Io,
): Promise<Config> {
  const { storage, store, identity } = options;
  if (storage === undefined) {
    if (store.length > 0)
      throw refused('--store goes with --storage: else the configuration says where it is');
    const config = await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'fail' });
    return withIdentities(config, job, identity);
  }
  if (options.toJob !== undefined || options.from !== undefined) {
    throw refused('--to-job and --from need a configuration; with --storage, --store says where to');
  }
  if (store.length === 0) throw refused('--storage says where the backups are; say with --store where to');
  const named = { storage: parseStorageAddress(storage) };
  const { manifest } = await withStorage(named, (opened) => findBackup(opened, job, which, io.signal));
  return configAlone(job, manifest, { storage, store, identity }, io.env);
}

/** What the command line names comes first: it was named for this very reading. */
function withIdentities(config: Config, name: string, files: readonly string[]): Config {
  const job = jobOf(config, name);
  const encryption = { ...job.encryption, identityFiles: [...files, ...job.encryption.identityFiles] };
  return { ...config, jobs: new Map([...config.jobs, [name, { ...job, encryption }]]) };
}

function refused(why: string): HoldfastError {
  return new HoldfastError('BadRequest', `${why}. Nothing was changed.`);
}
