import { isDeepStrictEqual } from 'node:util';
import { listBackups } from '../storage/catalog.ts';
import { objectName } from '../storage/layout.ts';
import { listMarks } from '../storage/marks.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured } from '../workflows/contract/backup.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { timeOfBackupId } from '../workflows/contract/names.ts';
import { type Ends, givesSnapshots } from './open.ts';

/** A full capture happens at least this often, so that no data object carries a whole history of backups. */
const oldestData = 24 * 3_600_000;

/** What must be equal for a backup to refer to the data of an earlier one. */
export type Wanted = Pick<Captured, 'job' | 'id' | 'reason' | 'store' | 'scope' | 'recipients'>;

export type Unchanged = Required<Pick<Captured, 'unchangedSince'>> &
  Pick<Captured, 'moment' | 'content' | 'objects' | 'recipients' | 'leftOut' | 'warnings' | 'keyspace'>;

/** What the newest backup has, where it is certain that capturing again would bring the same. */
export async function findUnchanged(
  signal: AbortSignal,
  { store, storage }: Ends,
  wanted: Wanted,
): Promise<Unchanged | undefined> {
  // A safety backup must stand on its own: what is about to happen may be somebody's last chance.
  if (wanted.reason === 'safety') return undefined;
  const newest = await newestBackup(storage, wanted.job, signal);
  const format = givesSnapshots(store) ? store.format : 'records.ndjson';
  if (newest?.objects[0]?.format !== format || !sameKind(newest, wanted)) return undefined;

  const holder = newest.unchangedSince ?? newest.id;
  if (await isDamaged(storage, wanted.job, [newest.id, holder], signal)) return undefined;
  const age = timeOfBackupId(wanted.id).getTime() - timeOfBackupId(holder).getTime();
  if (age < 0 || age >= oldestData) return undefined;
  const isSame = givesSnapshots(store)
    ? store.isUnchanged(newest.store, wanted.store)
    : await store.unchangedSince(newest.moment, newest.content.records, wanted.scope, signal);
  if (!isSame) return undefined;
  if (!(await allThere(storage, newest, signal))) return undefined;
  const { moment, content, objects, recipients, leftOut, warnings, keyspace } = newest;
  return {
    ...{ moment, content, objects, recipients, leftOut, unchangedSince: holder },
    ...(warnings && { warnings }),
    ...(keyspace && { keyspace }),
  };
}

/** Undefined also where the newest cannot be read: then there is nothing to lean on. */
async function newestBackup(
  storage: Storage,
  job: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  for await (const entry of listBackups(storage, job, signal)) {
    if (entry.state === 'unreadable') return undefined;
    if (entry.manifest.reason !== 'safety') return entry.manifest;
  }
  return undefined;
}

async function isDamaged(
  storage: Storage,
  job: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const marks = await listMarks(storage, job, signal);
  return ids.some((id) => marks.get(id)?.has('damaged') === true);
}

function sameKind(newest: Manifest, wanted: Wanted): boolean {
  return (
    newest.moment.consistency === 'point-in-time' &&
    newest.store.kind === wanted.store.kind &&
    isDeepStrictEqual(newest.store.details, wanted.store.details) &&
    isDeepStrictEqual(newest.scope, wanted.scope) &&
    isDeepStrictEqual(newest.recipients, wanted.recipients)
  );
}

async function allThere(storage: Storage, { job, objects }: Manifest, signal: AbortSignal): Promise<boolean> {
  for (const { name, storedBytes } of objects) {
    const found = await storage.head(objectName(job, name), signal);
    if (found?.bytes !== storedBytes) return false;
  }
  return true;
}
