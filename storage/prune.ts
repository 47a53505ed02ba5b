import type { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { timeOfBackupId } from '../workflows/contract/names.ts';
import { listRuns } from './catalog.ts';
import type { CatalogEntry } from './catalog.ts';
import { backupFolder, jobFolder, manifestName } from './layout.ts';
import { listMarks, markName, type Marks } from './marks.ts';
import { keepReasons } from './retention.ts';
import type { KeepPolicy, Retained } from './retention.ts';
import type { ObjectInfo, Storage } from './storage.ts';

/** What a prune would do, for people to read before it is done. All lists are newest first. */
export interface PrunePlan {
  readonly job: string;
  readonly policy: KeepPolicy;
  readonly now: Date;
  readonly keep: readonly KeptBackup[];
  readonly remove: readonly RemovedFolder[];
  /** Runs that ended without a manifest, so long ago that none of them can be at work still (`unfinishedFor`). */
  readonly leftovers: readonly RemovedFolder[];
}

export interface KeptBackup {
  readonly id: string;
  readonly reasons: readonly string[];
  /** Why its manifest cannot be read. */
  readonly unreadable?: HoldfastError;
}

/** A folder `<job>/<id>/` that goes, with all that is in it. */
export interface RemovedFolder {
  readonly id: string;
  /** Names within the storage, without the manifest. */
  readonly objects: readonly string[];
  /** Of all that is in the folder. */
  readonly bytes: number;
}

export interface Pruned {
  /** Ids of the backups and of the unfinished runs that are gone. */
  readonly removed: readonly string[];
  readonly leftovers: readonly string[];
  readonly bytes: number;
  /** Uploads that were ended. */
  readonly uploads: number;
}

/** Says what of a job retention keeps and why, and what goes. Changes nothing. */
export async function planPrune(
  storage: Storage,
  job: string,
  policy: KeepPolicy,
  now: Date,
  signal?: AbortSignal,
): Promise<PrunePlan> {
  const entries = await Array.fromAsync(listRuns(storage, job, signal));
  const marks = await listMarks(storage, job, signal);
  const reasons = keepReasons(
    entries.flatMap((entry) => retained(entry, marks)),
    policy,
    now,
  );
  const needed = needsData(entries);

  const keep: KeptBackup[] = [];
  const remove: RemovedFolder[] = [];
  const leftovers: RemovedFolder[] = [];
  for (const entry of entries) {
    const why = reasons.get(entry.id);
    if (why !== undefined) keep.push(kept(entry, why));
    else if (entry.state === 'published')
      remove.push(folderOf(entry.id, await contents(storage, job, entry.id, signal)));
    else if (!needed.has(entry.id) && timeOfBackupId(entry.id) < staleBefore(now, policy)) {
      const objects = await contents(storage, job, entry.id, signal);
      const stale = objects.every(({ modified }) => modified < staleBefore(now, policy));
      if (stale) leftovers.push(folderOf(entry.id, objects));
    }
  }
  return { job, policy, now, keep, remove, leftovers };
}

/**
 * Carries a plan out: manifests first, then the data that no manifest refers to. What others published since is
 * looked at before each of these steps, and only what may still go does. Stopped halfway, it leaves data without
 * manifests, which a later prune takes for left over; it may be repeated.
 */
export async function prune(storage: Storage, plan: PrunePlan, signal?: AbortSignal): Promise<Pruned> {
  const { job, now, policy } = plan;
  const { remove, leftovers } = await stillToGo(storage, plan, signal);
  const manifests = remove.map(({ id }) => manifestName(job, id));
  const marks = remove.flatMap(({ id }) => [
    markName({ job, id, mark: 'trusted' }),
    markName({ job, id, mark: 'damaged' }),
  ]);
  await storage.remove([...manifests, ...marks], signal);

  // Both are looked up at the last moment: a run may have published a reference to this data just now.
  const candidates = [...remove, ...leftovers];
  const needed =
    candidates.length === 0
      ? new Set<string>()
      : needsData(await Array.fromAsync(listRuns(storage, job, signal)));
  const go = ({ id }: RemovedFolder) => !needed.has(id);
  const gone = candidates.filter(go);
  await storage.remove(
    gone.flatMap(({ objects }) => objects),
    signal,
  );
  return {
    removed: remove.map(({ id }) => id),
    leftovers: leftovers.filter(go).map(({ id }) => id),
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    uploads: await storage.abortUploads(jobFolder(job), signal, staleBefore(now, policy)),
  };
}

/** What stands in the plan, and would stand in one made now. */
async function stillToGo(
  storage: Storage,
  plan: PrunePlan,
  signal: AbortSignal | undefined,
): Promise<Pick<PrunePlan, 'remove' | 'leftovers'>> {
  if (plan.remove.length + plan.leftovers.length === 0) return { remove: [], leftovers: [] };
  const today = await planPrune(storage, plan.job, plan.policy, plan.now, signal);
  const removed = new Set(plan.remove.map(({ id }) => id));
  const left = new Set(plan.leftovers.map(({ id }) => id));
  return {
    remove: today.remove.filter(({ id }) => removed.has(id)),
    leftovers: today.leftovers.filter(({ id }) => left.has(id)),
  };
}

/** When a run that may still be at work cannot have stored anything, however long it takes. */
export function staleBefore(
  now: Date,
  { unfinishedFor = 24 * 3_600_000 }: Pick<KeepPolicy, 'unfinishedFor'>,
): Date {
  return new Date(now.getTime() - unfinishedFor);
}

/** The ids of the folders that a published manifest is in or refers to. */
function needsData(entries: readonly CatalogEntry[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => (entry.state === 'published' ? [entry.id, ...refersTo(entry.manifest)] : [])),
  );
}

function retained(entry: CatalogEntry, all: Marks): Retained[] {
  const { id, state } = entry;
  const time = timeOfBackupId(id);
  switch (state) {
    case 'unfinished':
      return [];
    case 'unreadable':
      return [{ id, time, state, reason: 'schedule', refersTo: [] }];
    case 'published': {
      const { reason, suspicions } = entry.manifest;
      const marks = all.get(id);
      const suspicious = suspicions !== undefined && marks?.has('trusted') !== true;
      const pinned = marks?.has('pinned') === true;
      const holders = refersTo(entry.manifest);
      const damaged = [id, ...holders].some((one) => all.get(one)?.has('damaged') === true);
      return [{ id, time, state, reason, pinned, suspicious, damaged, refersTo: holders }];
    }
  }
}

/** The other backups that hold data of this one. */
function refersTo({ id, objects }: Manifest): readonly string[] {
  const holders = new Set(objects.map(({ name }) => name.split('/')[0] ?? ''));
  return [...holders].filter((holder) => holder !== id);
}

function kept(entry: CatalogEntry, reasons: readonly string[]): KeptBackup {
  if (entry.state === 'unreadable') return { id: entry.id, reasons, unreadable: entry.error };
  return { id: entry.id, reasons };
}

async function contents(
  storage: Storage,
  job: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<readonly ObjectInfo[]> {
  return Array.fromAsync(storage.list(backupFolder(job, id), signal));
}

function folderOf(id: string, objects: readonly ObjectInfo[]): RemovedFolder {
  return {
    id,
    objects: objects.map(({ name }) => name).filter((name) => !name.endsWith(`/${id}/manifest.json`)),
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
