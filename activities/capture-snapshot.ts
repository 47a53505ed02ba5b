import { writeBytes } from '../archive/bytes.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { SnapshotReading, SnapshotStore } from '../stores/store.ts';
import type { CaptureInput, Captured } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { putOwn } from './put-own.ts';
import type { Step } from './step.ts';

type Found = Pick<
  Captured,
  | 'store'
  | 'moment'
  | 'content'
  | 'objects'
  | 'recipients'
  | 'leftOut'
  | 'warnings'
  | 'keyspace'
  | 'consul'
  | 'capturedAt'
>;

/** Stores the file that the store gives of itself, in one pass. */
export async function captureSnapshot(
  step: Step,
  job: JobConfig,
  {
    store,
    storage,
  }: { readonly store: Pick<SnapshotStore, 'format' | 'snapshot'>; readonly storage: Storage },
  { id, reason }: Pick<CaptureInput, 'id' | 'reason'>,
): Promise<Found> {
  const { recipients } = job.encryption;
  const capturedAt = new Date().toISOString();
  const reading = await store.snapshot(step.signal);
  const mayBeEmpty = job.allowEmpty || reason === 'safety';
  const writing = writeBytes(watched(step, job, reading, mayBeEmpty), {
    recipients,
    ...(reading.sha256 && { plainSha256: reading.sha256 }),
  });
  const { format } = store;
  const name = `${id}/${format}.zst${recipients.length > 0 ? '.age' : ''}`;
  await putOwn(storage, objectName(job.name, name), writing.bytes, step.signal);

  const { moment, records, keyspace, consul, warnings } = reading.facts();
  for (const warning of warnings) step.log.warn(warning, { job: job.name });
  const sealed = writing.sealed();
  return {
    store: reading.store,
    moment,
    content: { records, bytes: sealed.plainBytes, digest: sealed.plainSha256 },
    objects: [{ name, format, ...sealed }],
    recipients,
    leftOut: [],
    ...(warnings.length > 0 && { warnings }),
    ...(keyspace && { keyspace }),
    ...(consul && { consul }),
    capturedAt,
  };
}

/** Passes the bytes on, tells of the progress, and ends with an error where there are no keys and must be some. */
async function* watched(
  { onProgress }: Step,
  job: JobConfig,
  { store, bytes: source, bytesTotal, facts }: SnapshotReading,
  mayBeEmpty: boolean,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  onProgress({ phase: 'reading', records: 0, bytes });
  for await (const chunk of source) {
    bytes += chunk.length;
    const total = bytesTotal();
    onProgress({ phase: 'reading', records: 0, bytes, ...(total !== undefined && { bytesTotal: total }) });
    yield chunk;
  }
  if (facts().records > 0 || mayBeEmpty) return;
  throw new HoldfastError(
    'StoreEmpty',
    `Job ${job.name}: the snapshot of ${store.kind} at ${store.address} holds no keys.`,
  );
}
