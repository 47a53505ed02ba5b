import { markDamaged } from '../../storage/damage.ts';
import { removeMark } from '../../storage/marks.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoredFinding } from '../../workflows/contract/scrub.ts';
import type { StepLog } from '../step.ts';

export interface Settling {
  readonly storage: Storage;
  readonly job: string;
  /** Who looked: a workflow id, or a person. */
  readonly by: string;
  readonly signal: AbortSignal;
  readonly log: Pick<StepLog, 'warn'>;
}

/**
 * Marks the backups that something was found of. Who may read alone still learns what is damaged: that it could not be
 * marked is told, and is no failure.
 */
export async function markAll(settling: Settling, findings: readonly StoredFinding[]): Promise<void> {
  const { storage, job, by, signal } = settling;
  const at = new Date().toISOString();
  for (const [id, found] of Map.groupBy(findings, ({ backup }) => backup)) {
    await unlessDenied(settling, id, 'marked as damaged', () =>
      markDamaged(storage, { job, id }, { findings: found, by, at }, signal),
    );
  }
}

/** Takes the marks of backups away that were found whole, or that are gone. */
export async function unmarkAll(settling: Settling, ids: readonly string[]): Promise<void> {
  const { storage, job, signal } = settling;
  for (const id of ids) {
    await unlessDenied(settling, id, 'freed of its mark: it is whole again, or gone', () =>
      removeMark(storage, { job, id, mark: 'damaged' }, signal),
    );
  }
}

async function unlessDenied(
  { job, log }: Settling,
  id: string,
  what: string,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'StorageDenied') throw error;
    log.warn(`Backup ${id} of ${job} could not be ${what} (${error.message})`);
  }
}
