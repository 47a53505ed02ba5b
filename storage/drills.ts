import type { DrillResult } from '../workflows/contract/drill.ts';
import { backupIdPattern } from '../workflows/contract/names.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { jobFolder } from './layout.ts';
import type { Storage } from './storage.ts';

/** What a drill of a backup has shown, as it is kept beside the manifest. archive/FORMAT.md specifies it. */
export interface DrillEvidence extends DrillResult {
  readonly madeBy: { readonly version: string; readonly workflowId?: string; readonly runId?: string };
}

const digestName = 'drillSha256';

export function encodeDrill(evidence: DrillEvidence): Buffer {
  return encodeDocument({ format: 'holdfast-drill', formatVersion: 1, ...evidence }, digestName);
}

/** @throws ArchiveCorrupt, UnsupportedVersion */
export function decodeDrill(bytes: Buffer, address: string): DrillEvidence {
  const { format, formatVersion, ...evidence } = decodeDocument(bytes, digestName, address);
  if (format !== 'holdfast-drill')
    throw new HoldfastError('ArchiveCorrupt', `${address} is no evidence of a drill.`);
  if (formatVersion !== 1) {
    throw new HoldfastError(
      'UnsupportedVersion',
      `${address} has the format version ${String(formatVersion)}; this release knows version 1.`,
    );
  }
  // Its digest says that these are the bytes that `encodeDrill` gave.
  return evidence as unknown as DrillEvidence;
}

/** Far more than any evidence has; so that a file put in its place cannot fill the memory. */
const evidenceLimit = 1024 * 1024;

/** Where the evidence of a drill is; its outcome stands in it. */
export interface DrillPlace {
  readonly backup: string;
  readonly id: string;
  readonly name: string;
}

/** All evidence of a job, by one listing, the newest drill first. */
export async function listDrills(
  storage: Storage,
  job: string,
  signal?: AbortSignal,
): Promise<readonly DrillPlace[]> {
  const places: DrillPlace[] = [];
  for await (const { name } of storage.list(jobFolder(job), signal)) {
    const [, backup = '', folder, file = '', ...rest] = name.split('/');
    const id = file.replace(/\.json$/, '');
    if (folder !== 'drills' || rest.length > 0 || !backupIdPattern.test(id)) continue;
    places.push({ backup, id, name });
  }
  return places.sort((one, other) => (one.id < other.id ? 1 : -1));
}

/** @throws ArchiveCorrupt, UnsupportedVersion, ObjectMissing */
export async function readDrill(
  storage: Storage,
  { name }: Pick<DrillPlace, 'name'>,
  signal?: AbortSignal,
): Promise<DrillEvidence> {
  const address = `${storage.address}/${name}`;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of storage.get(name, signal === undefined ? {} : { signal })) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > evidenceLimit)
      throw new HoldfastError('ArchiveCorrupt', `${address} is far larger than any evidence of a drill.`);
  }
  return decodeDrill(Buffer.concat(chunks), address);
}
