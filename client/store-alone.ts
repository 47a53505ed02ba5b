import { jobOf } from '../activities/step.ts';
import type { JobConfig } from '../config/config.ts';
import { findBackup } from '../storage/find.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { configAlone, type NamedPlaces } from './direct/config-alone.ts';
import type { Io } from './io.ts';
import type { OpenedSource } from './sources.ts';

/**
 * How the store is reached: as the configuration says, or at the addresses of `--store`; what it is, a backup tells.
 *
 * @throws BadRequest where nothing says it
 */
export async function storeOf(
  { job, storage, store }: OpenedSource,
  backup: string,
  places: Partial<NamedPlaces> & Pick<NamedPlaces, 'store' | 'identity'>,
  io: Io,
): Promise<JobConfig['store']> {
  if (store !== undefined) return store;
  const { storage: address } = places;
  if (address === undefined || places.store.length === 0) {
    throw new HoldfastError(
      'BadRequest',
      `With --storage alone nothing says how the store of ${job} is reached. Say it with --store, name two backups, or ` +
        'leave --storage out.',
    );
  }
  const { manifest } = await findBackup(storage, job, backup, io.signal);
  return jobOf(configAlone(job, manifest, { ...places, storage: address }, io.env), job).store;
}
