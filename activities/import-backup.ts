import { writeRecords } from '../archive/writer.ts';
import { oldFormats, type OldBackup } from '../formats/format.ts';
import { backupFolder, objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { backupId } from '../workflows/contract/names.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import type { JobConfig } from '../config/config.ts';
import { discard } from './discard.ts';
import { withStorage } from './open.ts';
import { publish } from './publish.ts';
import { jobOf, type Step } from './step.ts';
import { verifyStored } from './verify.ts';

export interface ImportInput {
  readonly job: string;
  readonly backup: OldBackup;
  /** The keys that the file stands for. Default: those of the job. */
  readonly prefix?: string;
  /** Where it came from, for people. */
  readonly address: string;
  readonly modified: Date;
  readonly now: Date;
}

export interface Imported {
  readonly captured: Captured;
  readonly manifest: string;
}

/**
 * Makes a backup of the job out of what another tool has kept: stored, read back and compared, published, as every
 * other. The store's description says where it came from; its time is the file's.
 *
 * @throws BadRequest where it does not belong to the job, StoreEmpty, BackupExists, VerifyFailed, what storages throw
 */
export async function importBackup(step: Step, input: ImportInput): Promise<Imported> {
  const job = jobOf(step.config, input.job);
  checkBelongs(job, input);
  return withStorage(job, async (storage) => {
    const { recipients } = job.encryption;
    const { records, leftOut } = input.backup;
    const writing = writeRecords(inBatches(records, step.onProgress), { recipients });
    const id = await freeId(storage, job.name, input.now, step.signal);
    const name = `${id}/records.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await storage.put(objectName(job.name, name), writing.bytes, { signal: step.signal, ifAbsent: true });
    try {
      const captured: Captured = {
        job: job.name,
        id,
        reason: 'import',
        store: {
          kind: job.store.kind,
          version: 'unknown',
          address: input.address,
          details: { format: input.backup.format },
        },
        scope: { prefix: input.prefix ?? job.scope.prefix },
        moment: { index: newestIndex(records), consistency: 'unknown' },
        content: writing.content(),
        objects: [{ name, format: 'records.ndjson', ...writing.sealed() }],
        recipients,
        leftOut,
        capturedAt: input.modified.toISOString(),
      };
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

function checkBelongs(job: JobConfig, { backup, prefix = job.scope.prefix, address }: ImportInput): void {
  const { format, records } = backup;
  const kind = oldFormats[format];
  if (kind !== job.store.kind) {
    throw new HoldfastError(
      'BadRequest',
      `${address} is of ${kind} (${format}), and job ${job.name} stands for ${job.store.kind}.`,
    );
  }
  if (records.length === 0 && !job.allowEmpty)
    throw new HoldfastError('StoreEmpty', `${address} holds no keys.`);
  const start = Buffer.from(prefix);
  const outside = records.filter(({ key }) => !key.subarray(0, start.length).equals(start));
  const [first] = outside;
  if (first === undefined) return;
  throw new HoldfastError(
    'BadRequest',
    `${address} holds ${outside.length} keys that do not start with ${JSON.stringify(prefix)}, such as ` +
      `${JSON.stringify(first.key.toString())}. Say with --prefix which keys the file stands for; --prefix "" means all.`,
  );
}

/** Batches as stores give them. */
async function* inBatches(
  records: readonly KeyRecord[],
  onProgress: Step['onProgress'],
): AsyncGenerator<readonly KeyRecord[]> {
  const size = 500;
  for (let start = 0; start < records.length; start += size) {
    onProgress({ phase: 'reading', records: start, bytes: 0, recordsTotal: records.length });
    yield await Promise.resolve(records.slice(start, start + size));
  }
}

function newestIndex(records: readonly KeyRecord[]): string {
  let newest = 0n;
  for (const { meta } of records) {
    const index = BigInt(meta['modifyIndex'] ?? '0');
    if (index > newest) newest = index;
  }
  return String(newest);
}
