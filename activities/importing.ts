import type { JobConfig } from '../config/config.ts';
import { oldFormats, type OldFormat } from '../formats/format.ts';
import { backupFolder } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { backupId } from '../workflows/contract/names.ts';
import { discard } from './discard.ts';
import { withStorage } from './open.ts';
import { publish } from './publish.ts';
import type { Step } from './step.ts';
import { verifyStored } from './verify.ts';

/** A file of another tool, as far as every backup made out of one needs it. */
export interface Imports {
  readonly job: JobConfig;
  /** When the file was written. */
  readonly modified: Date;
  readonly now: Date;
}

export interface Imported {
  readonly captured: Captured;
  readonly manifest: string;
}

/** What was stored, as a capture says it. */
type Kept = Omit<Captured, 'job' | 'id' | 'reason' | 'capturedAt'>;

/** @throws BadRequest where a file of this format is of another store than the job's */
export function checkKind({ name, store }: JobConfig, format: OldFormat, address: string): void {
  const kind = oldFormats[format];
  if (kind === store.kind) return;
  throw new HoldfastError(
    'BadRequest',
    `${address} is of ${kind} (${format}), and job ${name} stands for ${store.kind}.`,
  );
}

/**
 * Makes a backup out of what `keep` stores: read back and compared, published, as every other. Its time is the file's.
 *
 * @throws VerifyFailed, what `keep` and storages throw
 */
export async function importing(
  step: Step,
  { job, modified, now }: Imports,
  keep: (storage: Storage, id: string) => Promise<Kept>,
): Promise<Imported> {
  return withStorage(job, async (storage) => {
    const id = await freeId(storage, job.name, now, step.signal);
    const kept = await keep(storage, id);
    const captured: Captured = {
      ...{ ...kept, job: job.name, id, reason: 'import' },
      capturedAt: modified.toISOString(),
    };
    try {
      const verified = await verifyStored(step, job, storage, captured);
      return { captured, manifest: (await publish(step, { captured, verified })).manifest };
    } catch (error) {
      const unstoppable = { ...step, signal: new AbortController().signal };
      // What stays of it is no backup, and is pruned later; why it failed must not be hidden.
      await discard(unstoppable, { job: job.name, id }).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * The last free second before now, since no run will begin in one that has passed. A full minute may be the id of a
 * scheduled run that is at work.
 */
async function freeId(storage: Storage, job: string, now: Date, signal: AbortSignal): Promise<string> {
  for (let time = now.getTime() - 1000; ; time -= 1000) {
    const id = backupId(new Date(time));
    if (id.endsWith('00Z')) continue;
    const found = storage.list(backupFolder(job, id), signal)[Symbol.asyncIterator]();
    if ((await found.next()).done === true) return id;
    await found.return?.();
  }
}
