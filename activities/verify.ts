import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured, Verified } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Check, DataObject } from '../workflows/contract/manifest.ts';
import { checkBackup, documentsOf, recordsOf } from './backup-reading.ts';
import { indicesOf } from './index-facts.ts';
import { keepsOwnBackups, readIdentities, withStorage } from './open.ts';
import { fileCheck } from './file-proof.ts';
import { hashCheck } from './hash-proof.ts';
import { jobOf, type Step } from './step.ts';
import { snapshotOf } from './snapshot-file.ts';
import { readDigest } from './stored-digest.ts';
import { verifyIndices } from './verify-indices.ts';
import { verifySnapshot } from './verify-snapshot.ts';

/**
 * Reads back from the storage what was captured, and compares all sizes, digests and counts.
 * Data of an earlier backup was read back then: it must be there in its size.
 *
 * @throws VerifyFailed, and what the storage throws
 */
export async function verify(step: Step, { captured }: { readonly captured: Captured }): Promise<Verified> {
  const job = jobOf(step.config, captured.job);
  return withStorage(job, (storage) => verifyStored(step, job, storage, captured));
}

export async function verifyStored(
  step: Step,
  job: JobConfig,
  storage: Storage,
  captured: Captured,
): Promise<Verified> {
  const read = captured.unchangedSince === undefined ? readBack : checkPresence;
  const found = await read(step, job, storage, captured).catch(async (error: unknown) => {
    if (!isDifference(error)) throw error;
    // One bad read may be the network's; two are the storage's.
    step.log.warn('What was stored reads back differently; reading it once more', { problem: error.message });
    return read(step, job, storage, captured).catch((again: unknown) => {
      throw isDifference(again) ? new HoldfastError('VerifyFailed', again.message, { cause: again }) : again;
    });
  });
  return { verifiedAt: new Date().toISOString(), ...found };
}

function notDone({ format }: DataObject, detail: string): Check {
  return { name: format === 'consul.snap' ? fileCheck : hashCheck, outcome: 'not done', detail };
}

type Found = Pick<Verified, 'bytesRead' | 'checks'>;

function isDifference(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && ['ArchiveCorrupt', 'ObjectMissing'].includes(error.code);
}

async function readBack(step: Step, job: JobConfig, storage: Storage, captured: Captured): Promise<Found> {
  const identities = await readIdentities(job);
  const indices = indicesOf(captured);
  if (indices !== undefined) {
    step.onProgress({ phase: 'verifying', records: 0, bytes: 0 });
    const verifying = {
      job: keepsOwnBackups(job) ? job : undefined,
      storage,
      identities,
      signal: step.signal,
    };
    const readable = indices.encryption === 'none' || identities.length > 0;
    if (!readable) await compareStored(step, storage, captured, indices);
    return { bytesRead: indices.storedBytes, checks: await verifyIndices(verifying, captured, indices) };
  }
  const snapshot = snapshotOf(captured);
  const object = snapshot ?? documentsOf(captured) ?? recordsOf(captured);
  // A worker need not be able to decrypt: then the stored bytes are compared with those that were made.
  if (object.encryption !== 'none' && identities.length === 0) {
    const bytesRead = await compareStored(step, storage, captured, object);
    return snapshot
      ? { bytesRead, checks: [notDone(snapshot, 'this worker has no identity to decrypt it with')] }
      : { bytesRead };
  }
  if (snapshot !== undefined) {
    const checks = await verifySnapshot(step, storage, captured, snapshot, identities);
    return { bytesRead: snapshot.storedBytes, checks };
  }

  const progress = { phase: 'verifying', bytes: 0, recordsTotal: captured.content.records } as const;
  await checkBackup(storage, captured, identities, step.signal, ({ records }) =>
    step.onProgress({ ...progress, records }),
  );
  return { bytesRead: object.storedBytes };
}

async function compareStored(
  step: Step,
  storage: Storage,
  { job }: Captured,
  object: DataObject,
): Promise<number> {
  const name = objectName(job, object.name);
  const { bytes, sha256: digest } = await readDigest(storage, name, step.signal, (read) =>
    step.onProgress({ phase: 'verifying', records: 0, bytes: read, bytesTotal: object.storedBytes }),
  );
  if (bytes === object.storedBytes && digest === object.storedSha256) return bytes;
  throw new HoldfastError(
    'ArchiveCorrupt',
    `${storage.address}/${name} reads back as ${bytes} bytes with the SHA-256 ${digest}; ` +
      `written were ${object.storedBytes} bytes with ${object.storedSha256}.`,
  );
}

async function checkPresence(
  step: Step,
  _job: JobConfig,
  storage: Storage,
  captured: Captured,
): Promise<Found> {
  for (const object of captured.objects) {
    const name = objectName(captured.job, object.name);
    const found = await storage.head(name, step.signal);
    if (found?.bytes === object.storedBytes) continue;
    throw new HoldfastError(
      'ObjectMissing',
      `${storage.address}/${name} should hold the ${object.storedBytes} bytes of ${captured.unchangedSince ?? ''}, ` +
        `and ${found === undefined ? 'is not there' : `has ${found.bytes}`}.`,
    );
  }
  const holder = captured.unchangedSince ?? '';
  const snapshot = snapshotOf(captured);
  const checks = snapshot && [notDone(snapshot, `the data are those of ${holder}, whose manifest says it`)];
  return { bytesRead: 0, ...(checks && { checks }) };
}
