import { writeRecords } from '../archive/writer.ts';
import type { JobConfig } from '../config/config.ts';
import type { OldBackup } from '../formats/format.ts';
import { objectName } from '../storage/layout.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { checkKind, type Imported, importing } from './importing.ts';
import { jobOf, type Step } from './step.ts';

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

/**
 * Makes a backup of the job out of what another tool has kept, record by record. The store's description says where it
 * came from.
 *
 * @throws BadRequest where it does not belong to the job, StoreEmpty, BackupExists, VerifyFailed, what storages throw
 */
export async function importBackup(step: Step, input: ImportInput): Promise<Imported> {
  const job = jobOf(step.config, input.job);
  checkBelongs(job, input);
  const { backup, address, modified, now, prefix = job.scope.prefix } = input;
  const { format, records, leftOut } = backup;
  return importing(step, { job, modified, now }, async (storage, id) => {
    const { recipients } = job.encryption;
    const writing = writeRecords(inBatches(records, step.onProgress), { recipients });
    const name = `${id}/records.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await storage.put(objectName(job.name, name), writing.bytes, { signal: step.signal, ifAbsent: true });
    return {
      store: { kind: job.store.kind, version: 'unknown', address, details: { format } },
      scope: { prefix },
      moment: { index: newestIndex(records), consistency: 'unknown' },
      content: writing.content(),
      objects: [{ name, format: 'records.ndjson', ...writing.sealed() }],
      recipients,
      leftOut,
    };
  });
}

function checkBelongs(job: JobConfig, { backup, prefix = job.scope.prefix, address }: ImportInput): void {
  const { format, records } = backup;
  checkKind(job, format, address);
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
