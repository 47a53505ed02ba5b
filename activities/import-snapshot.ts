import type { JobConfig } from '../config/config.ts';
import type { OldFile, SnapshotFormat } from '../formats/format.ts';
import { openKeptFile as openConsulFile } from '../stores/consul/kept-file.ts';
import { openKeptFile as openEtcdFile } from '../stores/etcd/kept-file.ts';
import type { KeptFile, KeptSnapshot } from '../stores/store.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { captureSnapshot } from './capture-snapshot.ts';
import { lackOfRoom } from './hash-proof.ts';
import { checkKind, type Imported, importing } from './importing.ts';
import { jobOf, type Step } from './step.ts';

export interface SnapshotToImport {
  readonly job: string;
  readonly file: OldFile;
  readonly format: SnapshotFormat;
  readonly modified: Date;
  readonly now: Date;
}

/**
 * Makes a backup of the job out of a snapshot that was kept as a file, whatever the job's own backups are. The file is
 * stored as it is; one that is not whole leaves nothing.
 *
 * @throws BadRequest where it does not belong to the job, FileRefused, StoreEmpty, ProgramMissing, ProgramFailed,
 *   VerifyFailed, what storages throw
 */
export async function importSnapshot(step: Step, input: SnapshotToImport): Promise<Imported> {
  const { file, format, modified, now } = input;
  const job = jobOf(step.config, input.job);
  checkKind(job, format, file.address);
  if (format === 'consul-snapshot') requireSecrecy(job, file.address);
  else await requireRoom(file);
  const kept = openers[format](watched(file, step));
  try {
    return await importing(step, { job, modified, now }, async (storage, id) => ({
      ...(await captureSnapshot(step, job, { store: kept, storage }, { id, reason: 'import' })),
      scope: { prefix: '' },
    }));
  } finally {
    await kept.close();
  }
}

const openers: Readonly<Record<SnapshotFormat, (file: KeptFile) => KeptSnapshot>> = {
  'consul-snapshot': openConsulFile,
  'etcd-snapshot': openEtcdFile,
};

/** What is copied before it is stored tells of its progress too. */
function watched(file: OldFile, { onProgress }: Step): KeptFile {
  const { address, bytes: bytesTotal } = file;
  return {
    ...{ address, bytes: bytesTotal },
    async *read() {
      let bytes = 0;
      for await (const chunk of file.read()) {
        bytes += chunk.length;
        onProgress({ phase: 'reading', records: 0, bytes, bytesTotal });
        yield chunk;
      }
    },
  };
}

function requireSecrecy({ name, encryption }: JobConfig, address: string): void {
  if (encryption.recipients.length > 0 || encryption.allowPlaintext) return;
  throw new HoldfastError(
    'BadRequest',
    `${address} is a snapshot of Consul, which holds the secrets of all ACL tokens, and job ${name} has no ` +
      '`encrypt.recipients`. Name some, or say `encrypt: { allow_plaintext: true }`. Nothing was stored.',
  );
}

async function requireRoom({ address, bytes }: OldFile): Promise<void> {
  const lack = await lackOfRoom(bytes);
  if (lack !== undefined)
    throw new HoldfastError('ProgramFailed', `No room to look into ${address}: ${lack}.`);
}
