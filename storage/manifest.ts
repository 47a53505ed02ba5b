import { z } from 'zod';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { backupIdPattern } from '../workflows/contract/names.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { decodeDocument, encodeDocument } from './document.ts';

const digestName = 'manifestSha256';
const formatVersion = 1;

const decimal = z.string().regex(/^\d+$/, 'expected a decimal number');
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in 64 hex digits');
const time = z.iso.datetime();
const id = z.string().regex(backupIdPattern, 'expected a backup id like 20261122T041500Z');

const dataObject = z.object({
  name: z
    .string()
    .regex(
      /^\d{8}T\d{6}Z\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/,
      'expected a name like 20261122T041500Z/records.ndjson.zst',
    ),
  format: z.enum(['records.ndjson', 'documents.ndjson', 'indices.ndjson', 'snapshot.db', 'consul.snap']),
  compression: z.enum(['zstd', 'none']),
  encryption: z.enum(['age', 'none']),
  plainBytes: count,
  plainSha256: sha256,
  storedBytes: count,
  storedSha256: sha256,
});

/** The order of the properties is the order in the file. What an object has besides them is dropped. */
const shape: z.ZodType<Manifest> = z
  .object({
    format: z.literal('holdfast-backup'),
    formatVersion: z.literal(formatVersion),
    job: z.string().min(1),
    id,
    reason: z.enum(['schedule', 'manual', 'safety', 'import']),
    store: z.object({
      kind: z.enum(['consul', 'etcd', 'elasticsearch']),
      version: z.string(),
      address: z.string(),
      details: z.record(z.string(), z.string()),
    }),
    scope: z.object({ prefix: z.string(), indices: z.exactOptional(z.array(z.string())) }),
    moment: z.object({
      index: decimal,
      consistency: z.enum(['point-in-time', 'stale', 'unknown', 'per-shard', 'per-index']),
    }),
    content: z.object({ records: count, bytes: count, digest: sha256 }),
    objects: z.array(dataObject),
    unchangedSince: z.exactOptional(id),
    recipients: z.array(z.string()),
    leftOut: z.array(z.object({ reason: z.string(), count, examples: z.array(z.string()) })),
    warnings: z.exactOptional(z.array(z.string())),
    suspicions: z.exactOptional(z.array(z.string())),
    keyspace: z.exactOptional(
      z.object({ hash: decimal, revision: decimal, compactRevision: z.string().regex(/^(-1|\d+)$/) }),
    ),
    consul: z.exactOptional(
      z.object({
        index: decimal,
        term: decimal,
        version: decimal,
        id: z.string(),
        counts: z.record(z.string(), count),
      }),
    ),
    snapshot: z.exactOptional(
      z.object({ repository: z.string().min(1), name: z.string().min(1), uuid: z.string() }),
    ),
    checks: z.exactOptional(
      z.array(z.object({ name: z.string(), outcome: z.enum(['equal', 'not done']), detail: z.string() })),
    ),
    captureMilliseconds: z.exactOptional(count),
    capturedAt: time,
    verifiedAt: time,
    publishedAt: time,
    madeBy: z.object({
      version: z.string(),
      workflowId: z.exactOptional(z.string()),
      runId: z.exactOptional(z.string()),
    }),
  })
  .superRefine((manifest, context) => {
    const holder = manifest.unchangedSince ?? manifest.id;
    manifest.objects.forEach(({ name }, index) => {
      if (name.startsWith(`${holder}/`)) return;
      const message = `expected an object of ${holder}, found ${name}`;
      context.addIssue({ code: 'custom', path: ['objects', index, 'name'], message });
    });
  });

/** The bytes of manifest.json: a document (document.ts) sealed by `manifestSha256`. */
export function encodeManifest(manifest: Manifest): Buffer {
  return encodeDocument(shape.parse(manifest), digestName);
}

/**
 * Reads manifest.json. Properties that this release does not know are passed over: a later one may add some.
 *
 * @throws ArchiveCorrupt where a byte is not as it was written; UnsupportedVersion where the format is newer
 */
export function decodeManifest(bytes: Buffer, address: string): Manifest {
  const document = decodeDocument(bytes, digestName, address);
  refuseNewer(document, address);
  const result = shape.safeParse(document);
  if (result.success) return result.data;
  const found = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new HoldfastError(
    'ArchiveCorrupt',
    `${address} has not changed since it was written, but it is no manifest of format version ${formatVersion}: ${found}.`,
  );
}

function refuseNewer(document: Readonly<Record<string, unknown>>, address: string): void {
  const version = document['formatVersion'];
  if (document['format'] !== 'holdfast-backup' || typeof version !== 'number' || version <= formatVersion)
    return;
  const writer = z.object({ madeBy: z.object({ version: z.string() }) }).safeParse(document);
  const by = writer.success ? `Holdfast ${writer.data.madeBy.version}` : 'a newer Holdfast';
  throw new HoldfastError(
    'UnsupportedVersion',
    `${address} was written by ${by} in format version ${version}; this release reads up to ${formatVersion}.`,
  );
}
