import { readEntry } from '../../storage/catalog.ts';
import { objectName } from '../../storage/layout.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { DataObject } from '../../workflows/contract/manifest.ts';
import type { StoredFinding } from '../../workflows/contract/scrub.ts';
import type { RepositoryJob } from '../open.ts';
import { readDigest } from '../stored-digest.ts';
import { verifyIndices } from '../verify-indices.ts';
import type { Holder } from './inventory.ts';

/** What reads data back. */
export interface HolderReading {
  readonly storage: Storage;
  readonly job: string;
  /** Where the store keeps its backups itself, and somebody here knows how it is reached. */
  readonly repository?: RepositoryJob | undefined;
  readonly identities: readonly string[];
  readonly signal: AbortSignal;
  /** All bytes of the object at work that were read until now. */
  readonly onBytes: (bytes: number) => void;
}

/** What is wrong with an object or a snapshot, whichever backups consist of it. */
type Wrong = Omit<StoredFinding, 'backup'>;

/** Whether all objects are there, in their size: what can be told without reading them. */
export async function checkSizes(reading: HolderReading, holder: Holder): Promise<readonly StoredFinding[]> {
  const wrong: Wrong[] = [];
  for (const object of holder.objects) {
    const found = await sizeProblem(reading, object);
    if (found !== undefined) wrong.push(found);
  }
  return ofBackups(reading, holder, wrong);
}

/** Reads every byte; where a store keeps the data itself, it is asked whether they are whole. */
export async function readHolder(reading: HolderReading, holder: Holder): Promise<readonly StoredFinding[]> {
  const wrong: Wrong[] = [];
  for (const object of holder.objects) {
    // One bad read may be the network's; two are the storage's.
    const first = await contentProblem(reading, object);
    const found = first && (await contentProblem(reading, object));
    if (found !== undefined) wrong.push(found);
  }
  if (wrong.length === 0) wrong.push(...(await snapshotProblems(reading, holder)));
  return ofBackups(reading, holder, wrong);
}

/** One finding for each backup that consists of it. A backup that was pruned meanwhile has lost nothing. */
async function ofBackups(
  { storage, job, signal }: HolderReading,
  { backups }: Holder,
  wrong: readonly Wrong[],
): Promise<readonly StoredFinding[]> {
  if (wrong.length === 0) return [];
  const findings: StoredFinding[] = [];
  for (const backup of backups) {
    const { state } = await readEntry(storage, job, backup, signal);
    if (state !== 'unfinished') findings.push(...wrong.map((one) => ({ ...one, backup })));
  }
  return findings;
}

async function sizeProblem(
  { storage, job, signal }: HolderReading,
  { name: object, storedBytes }: DataObject,
): Promise<Wrong | undefined> {
  const found = await storage.head(objectName(job, object), signal);
  if (found === undefined) return { kind: 'missing', object, detail: `${storedBytes} bytes were written` };
  if (found.bytes === storedBytes) return undefined;
  const kind = found.bytes < storedBytes ? 'truncated' : 'flipped';
  return { kind, object, detail: `it has ${found.bytes} bytes; ${storedBytes} were written` };
}

async function contentProblem(reading: HolderReading, object: DataObject): Promise<Wrong | undefined> {
  const size = await sizeProblem(reading, object);
  if (size !== undefined) return size;
  const { storage, job, signal, onBytes } = reading;
  try {
    const { sha256 } = await readDigest(storage, objectName(job, object.name), signal, onBytes);
    if (sha256 === object.storedSha256) return undefined;
    const detail = `it reads back with the SHA-256 ${sha256}; written was ${object.storedSha256}`;
    return { kind: 'flipped', object: object.name, detail };
  } catch (error) {
    if (!isDamageError(error)) throw error;
    const kind = error.code === 'ObjectMissing' ? 'missing' : 'flipped';
    return { kind, object: object.name, detail: error.message };
  }
}

async function snapshotProblems(
  { storage, repository, identities, signal }: HolderReading,
  { snapshot, objects }: Holder,
): Promise<readonly Wrong[]> {
  const facts = objects.find(({ format }) => format === 'indices.ndjson');
  if (snapshot === undefined || facts === undefined) return [];
  try {
    await verifyIndices({ job: repository, storage, identities, signal }, snapshot, facts);
    return [];
  } catch (error) {
    if (!isDamageError(error)) throw error;
    const kind = error.code === 'ObjectMissing' ? 'missing' : 'flipped';
    return [{ kind, object: `snapshot ${snapshot.snapshot?.name ?? ''}`, detail: error.message }];
  }
}

/** Whether it says that what is stored is not what was written. */
export function isDamageError(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError && ['ArchiveCorrupt', 'ObjectMissing', 'VerifyFailed'].includes(error.code)
  );
}
