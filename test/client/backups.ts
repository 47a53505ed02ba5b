import { createReadStream } from 'node:fs';
import { writeBytes } from '../../archive/bytes.ts';
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

/** Stores and publishes an etcd snapshot that lies in a file, as a run does. */
export async function storeSnapshot(
  storage: Storage,
  job: string,
  id: string,
  { file, revision, records }: { readonly file: string; readonly revision: string; readonly records: number },
  recipients: readonly string[] = [],
): Promise<Manifest> {
  const writing = writeBytes(createReadStream(file), { recipients });
  const name = `${id}/snapshot.db.zst${recipients.length > 0 ? '.age' : ''}`;
  await storage.put(objectName(job, name), writing.bytes, { signal: new AbortController().signal });
  const object = { name, format: 'snapshot.db', ...writing.sealed() } as const;
  const manifest = sampleManifest(id, {
    job,
    store: {
      kind: 'etcd',
      version: '3.6.16',
      address: 'http://127.0.0.1:2379',
      details: { clusterId: 'cdf818194e3a8c32' },
    },
    moment: { index: revision, consistency: 'point-in-time' },
    content: { records, bytes: object.plainBytes, digest: object.plainSha256 },
    objects: [object],
    recipients,
    leftOut: [],
  });
  await publish(storage, manifest);
  return manifest;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the contract of a writer is an asynchronous iterable
async function* inBatches(records: readonly KeyRecord[]): AsyncGenerator<readonly KeyRecord[]> {
  for (let start = 0; start < records.length; start += 100) yield records.slice(start, start + 100);
}
