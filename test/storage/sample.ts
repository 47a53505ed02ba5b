import type { Manifest } from '../../workflows/contract/manifest.ts';
import { timeOfBackupId } from '../../workflows/contract/names.ts';

/** The bytes that stand for the data of a sample backup. */
export const sampleData = Buffer.from('the data of a sample backup');

/** A manifest that a healthy run would publish; `changes` take the place of its properties. */
export function sampleManifest(id: string, changes: Partial<Manifest> = {}): Manifest {
  const time = timeOfBackupId(id).toISOString();
  return {
    format: 'holdfast-backup',
    formatVersion: 1,
    job: 'consul-main',
    id,
    reason: 'schedule',
    store: {
      kind: 'consul',
      version: '1.22.5',
      address: 'http://127.0.0.1:8500',
      details: { datacenter: 'dc1' },
    },
    scope: { prefix: '' },
    moment: { index: '18446744073709551615', consistency: 'point-in-time' },
    content: { records: 2, bytes: 20, digest: 'ab'.repeat(32) },
    objects: [
      {
        name: `${changes.unchangedSince ?? id}/records.ndjson.zst`,
        format: 'records.ndjson',
        compression: 'zstd',
        encryption: 'none',
        plainBytes: 120,
        plainSha256: 'cd'.repeat(32),
        storedBytes: sampleData.length,
        storedSha256: 'ef'.repeat(32),
      },
    ],
    recipients: [],
    leftOut: [
      { reason: 'locks are held by sessions, which end with them', count: 1, examples: ['größe/ключ'] },
    ],
    capturedAt: time,
    verifiedAt: time,
    publishedAt: time,
    madeBy: { version: '0.1.0', workflowId: `backup-consul-main-${id}`, runId: 'first' },
    ...changes,
  };
}
