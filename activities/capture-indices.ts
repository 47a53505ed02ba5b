import { writeLines } from '../archive/writer.ts';
import type { JobConfig } from '../config/config.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import type { SnapshotProgress } from '../stores/repository-store.ts';
import type { Captured, CaptureInput } from '../workflows/contract/backup.ts';
import type { IndexFacts } from '../workflows/contract/index-facts.ts';
import type { Scope } from '../workflows/contract/manifest.ts';
import { type RepositoryJob, withRepository } from './open.ts';
import { putOwn } from './put-own.ts';
import type { Step } from './step.ts';

/**
 * Has the cluster take a snapshot of its own, and stores what is known of each index in it: what `verify` and the
 * proof of a restore compare with. The snapshot of an earlier attempt is found again.
 */
export async function captureIndices(
  step: Step,
  job: JobConfig & RepositoryJob,
  storage: Storage,
  { id, reason }: CaptureInput,
): Promise<Captured> {
  return withRepository(job, async (store) => {
    const description = await store.describe(step.signal);
    await store.prepare(step.signal);
    const capturedAt = new Date().toISOString();
    const { snapshot, facts, leftOut } = await store.take(id, {
      signal: step.signal,
      mayBeEmpty: job.allowEmpty || reason === 'safety',
      onProgress: (progress) => step.onProgress({ phase: 'reading', ...inShards(progress) }),
    });

    const { recipients } = job.encryption;
    const writing = writeLines(linesOf(facts), { recipients });
    const name = `${id}/indices.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await putOwn(storage, objectName(job.name, name), writing.bytes, step.signal);
    const sealed = writing.sealed();
    const warnings = warningsOf(facts);
    return {
      ...{ job: job.name, id, reason, store: description, scope: everything },
      moment: { index: String(snapshot.startedAt), consistency: 'per-shard' },
      content: {
        records: facts.reduce((sum, { documents = 0 }) => sum + documents, 0),
        bytes: facts.reduce((sum, { bytes }) => sum + bytes, 0),
        digest: sealed.plainSha256,
      },
      objects: [{ name, format: 'indices.ndjson', ...sealed }],
      recipients,
      leftOut,
      ...(warnings.length > 0 && { warnings }),
      snapshot: {
        repository: job.store.elasticsearch.repository.name,
        name: snapshot.name,
        uuid: snapshot.uuid,
      },
      capturedAt,
    };
  });
}

/** Indices have no prefixes. */
const everything: Scope = { prefix: '' };

export function inShards({ shards, shardsTotal, bytes, bytesTotal }: SnapshotProgress) {
  return { records: shards, recordsTotal: shardsTotal, bytes, ...(bytesTotal > 0 && { bytesTotal }) };
}

async function* linesOf(facts: readonly IndexFacts[]): AsyncGenerator<Buffer> {
  for (const fact of facts) yield await Promise.resolve(Buffer.from(`${JSON.stringify(fact)}\n`));
}

function warningsOf(facts: readonly IndexFacts[]): readonly string[] {
  const busy = facts.filter(({ settled, state }) => !settled && state === 'open').map(({ index }) => index);
  const closed = facts.filter(({ state }) => state === 'close').map(({ index }) => index);
  return [
    ...(busy.length === 0
      ? []
      : [
          `${named(busy)} may have been written while the snapshot was taken: a restore is proven by samples, and not by the count of documents.`,
        ]),
    ...(closed.length === 0 ? [] : [`${named(closed)} closed: in the snapshot, and not counted.`]),
  ];
}

function named(indices: readonly string[]): string {
  const some = indices.slice(0, 10).join(', ');
  return `${indices.length === 1 ? '1 index' : `${indices.length} indices`} (${some}${indices.length > 10 ? ', …' : ''})`;
}
