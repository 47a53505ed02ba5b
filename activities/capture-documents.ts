import { writeDocuments } from '../archive/documents/write-documents.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { CaptureInput, Captured, Progress } from '../workflows/contract/backup.ts';
import type { DocumentBatches } from '../workflows/contract/document.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { type SearchJob, withDocuments } from './open.ts';
import { putOwn } from './put-own.ts';
import type { Step } from './step.ts';

/** Reads every document of the indices once, and stores it with what its index is made of. */
export async function captureDocuments(
  step: Step,
  job: JobConfig & SearchJob,
  storage: Storage,
  { id, reason, scope = { prefix: '' } }: CaptureInput,
): Promise<Captured> {
  return withDocuments(job, async (store) => {
    const description = await store.describe(step.signal);
    const begun = new Date();
    const indices = scope.indices ?? job.store.elasticsearch.indices;
    const { definitions, batches, leftOut } = await store.read(indices, step.signal);
    const mayBeEmpty = job.allowEmpty || reason === 'safety';
    const whenEmpty = mayBeEmpty ? undefined : () => emptyStore(job, indices, description.address);
    const { recipients } = job.encryption;
    const writing = writeDocuments(definitions, watched(batches, step.onProgress, whenEmpty), { recipients });
    const name = `${id}/documents.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await putOwn(storage, objectName(job.name, name), writing.bytes, step.signal);
    return {
      ...{ job: job.name, id, reason, store: description, scope },
      moment: { index: String(begun.getTime()), consistency: 'per-index' },
      content: writing.content(),
      objects: [{ name, format: 'documents.ndjson', ...writing.sealed() }],
      recipients,
      leftOut,
      capturedAt: begun.toISOString(),
    };
  });
}

/** Passes documents on, tells of the progress, and ends with an error where there were none and there must be some. */
async function* watched(
  batches: DocumentBatches,
  onProgress: Step['onProgress'],
  whenEmpty: (() => HoldfastError) | undefined,
): DocumentBatches {
  let progress: Progress = { phase: 'reading', records: 0, bytes: 0 };
  onProgress(progress);
  for await (const batch of batches) {
    const { documents } = batch;
    const bytes = documents.reduce((sum, { source }) => sum + source.length, 0);
    progress = { ...progress, records: progress.records + documents.length, bytes: progress.bytes + bytes };
    onProgress(progress);
    yield batch;
  }
  if (progress.records === 0 && whenEmpty !== undefined) throw whenEmpty();
}

function emptyStore({ name }: SearchJob, indices: readonly string[], address: string): HoldfastError {
  const what = indices.join(', ');
  return new HoldfastError(
    'StoreEmpty',
    `Job ${name}: the cluster at ${address} has no document in ${what}.`,
  );
}
