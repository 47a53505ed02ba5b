import { writeRecords } from '../../archive/writer.ts';
import { objectName } from '../../storage/layout.ts';
import { publish } from '../../storage/publish.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backupId } from '../../workflows/contract/names.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { sampleManifest } from '../storage/sample.ts';

/** The id of a backup that was made so many minutes ago. */
export function idOf(minutesAgo: number): string {
  return backupId(new Date(Date.now() - minutesAgo * 60_000));
}

export function record(key: string | Buffer, value: string | Buffer | null, flags = '0'): KeyRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    attributes: { flags },
    meta: { createIndex: '10', modifyIndex: '15' },
  };
}

/** Stores and publishes a backup of these records, as a run does. They must be in order of key. */
export async function storeBackup(
  storage: Storage,
  job: string,
  id: string,
  records: readonly KeyRecord[],
  recipients: readonly string[] = [],
  changes: Partial<Manifest> = {},
): Promise<Manifest> {
  const writing = writeRecords(inBatches(records), { recipients });
  const name = `${id}/records.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
  await storage.put(objectName(job, name), writing.bytes, { signal: new AbortController().signal });
  const manifest = sampleManifest(id, {
    job,
    content: writing.content(),
    objects: [{ name, format: 'records.ndjson', ...writing.sealed() }],
    recipients,
    leftOut: [],
    ...changes,
  });
  await publish(storage, manifest);
  return manifest;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the contract of a writer is an asynchronous iterable
async function* inBatches(records: readonly KeyRecord[]): AsyncGenerator<readonly KeyRecord[]> {
  for (let start = 0; start < records.length; start += 100) yield records.slice(start, start + 100);
}
