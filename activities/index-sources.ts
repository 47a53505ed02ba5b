import type { JobConfig } from '../config/config.ts';
import { findReliable } from '../storage/find.ts';
import type { Storage } from '../storage/storage.ts';
import type { RepositoryStore } from '../stores/repository-store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexFacts } from '../workflows/contract/index-facts.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { readFacts } from './index-facts.ts';
import { keepsOwnBackups, readIdentities, withRepository, withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** What plan, change and proof of one restore of indices all work on. */
export interface IndexSources {
  readonly job: JobConfig;
  readonly target: JobConfig;
  readonly storage: Storage;
  readonly store: RepositoryStore;
  readonly manifest: Manifest;
  readonly snapshot: string;
  readonly facts: readonly IndexFacts[];
}

/** @throws BadRequest, BackupNotFound, ObjectMissing where the snapshot is not in the repository of the target */
export async function withIndexSources<Result>(
  step: Step,
  wanted: { readonly job: string; readonly toJob: string; readonly backup: string },
  work: (sources: IndexSources) => Promise<Result>,
): Promise<Result> {
  const job = jobOf(step.config, wanted.job);
  const target = jobOf(step.config, wanted.toJob);
  if (!keepsOwnBackups(target)) {
    throw new HoldfastError(
      'BadRequest',
      `Job ${target.name} names no repository of a cluster, from which it could restore a snapshot.`,
    );
  }
  const identities = await readIdentities(job);
  return withStorage(job, async (storage) => {
    const { manifest } = await findReliable(storage, job.name, wanted.backup, step.signal);
    const facts = await readFacts(storage, manifest, identities, step.signal);
    const snapshot = manifest.snapshot?.name ?? '';
    return withRepository(target, async (store) => {
      const found = await store.find(snapshot, step.signal);
      if (found === undefined || found.uuid !== manifest.snapshot?.uuid) {
        const { repository } = target.store.elasticsearch;
        throw new HoldfastError(
          'ObjectMissing',
          `The snapshot ${snapshot} of backup ${manifest.id} is not in the repository ${repository.name} of the cluster of ${target.name}.`,
        );
      }
      return work({ job, target, storage, store, manifest, snapshot, facts });
    });
  });
}
