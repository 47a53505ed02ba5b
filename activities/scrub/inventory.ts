import { listRuns } from '../../storage/catalog.ts';
import { jobFolder } from '../../storage/layout.ts';
import { listMarks } from '../../storage/marks.ts';
import type { ObjectInfo, Storage } from '../../storage/storage.ts';
import type { DataObject, Manifest } from '../../workflows/contract/manifest.ts';
import { backupIdPattern, timeOfBackupId } from '../../workflows/contract/names.ts';
import type { StoredFinding } from '../../workflows/contract/scrub.ts';

/** What is stored of a job, as its manifests say it and as the storage lists it. */
export interface Inventory {
  /** Ids of all backups: also of those whose manifests cannot be read. */
  readonly ids: ReadonlySet<string>;
  /** By the id of the backup that holds them, oldest first. */
  readonly holders: readonly Holder[];
  /** Ids of the backups that are marked as damaged. */
  readonly marked: ReadonlySet<string>;
  /** Manifests that are damaged. */
  readonly manifests: readonly StoredFinding[];
  /** What no manifest names. */
  readonly unlisted: readonly StoredFinding[];
}

/** The data of one backup, and all backups that consist of them. */
export interface Holder {
  readonly id: string;
  readonly objects: readonly DataObject[];
  /** Their ids: its own, and those of later ones that found nothing changed. */
  readonly backups: readonly string[];
  /** Where the store keeps the data itself: the backup whose snapshot there is to be asked for. */
  readonly snapshot?: Pick<Manifest, 'job' | 'id' | 'objects' | 'snapshot'>;
}

/**
 * Reads all manifests, and lists what is stored. What a run that is at work has stored is not unlisted: it counts only
 * from `staleBefore` on.
 */
export async function takeInventory(
  storage: Storage,
  job: string,
  staleBefore: Date,
  signal: AbortSignal,
  onEntry: () => void,
): Promise<Inventory> {
  const ids = new Set<string>();
  const holders = new Map<string, Holder>();
  const manifests: StoredFinding[] = [];
  const unfinished = new Set<string>();
  const unknown = new Set<string>();
  for await (const entry of listRuns(storage, job, signal)) {
    onEntry();
    if (entry.state === 'unfinished') unfinished.add(entry.id);
    else ids.add(entry.id);
    if (entry.state === 'published') addTo(holders, job, entry.manifest);
    else if (entry.state === 'unreadable') {
      const { code, message } = entry.error;
      unknown.add(entry.id);
      // One of a newer release is whole as far as anybody here can tell; one that is refused says nothing of it.
      if (code === 'UnsupportedVersion') continue;
      if (code !== 'ArchiveCorrupt') throw entry.error;
      const object = `${entry.id}/manifest.json`;
      manifests.push({ kind: 'flipped', backup: entry.id, object, detail: message });
    }
  }
  const marks = await listMarks(storage, job, signal);
  const marked = [...marks].filter(([, all]) => all.has('damaged')).map(([id]) => id);
  const named = new Set([...holders.values()].flatMap(({ objects }) => objects.map(({ name }) => name)));
  const unlisted = await findUnlisted(storage, job, signal, (id, name, info) => {
    if (unknown.has(id) || named.has(name)) return false;
    return !unfinished.has(id) || (timeOfBackupId(id) < staleBefore && info.modified < staleBefore);
  });
  return {
    ids,
    holders: [...holders.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
    marked: new Set(marked),
    manifests,
    unlisted,
  };
}

function addTo(holders: Map<string, Holder>, job: string, manifest: Manifest): void {
  const id = manifest.unchangedSince ?? manifest.id;
  const known = holders.get(id);
  const snapshot = manifest.snapshot && { ...manifest, job };
  holders.set(id, {
    id,
    objects: [...(known?.objects ?? []), ...manifest.objects.filter((object) => !knows(known, object))],
    backups: [...(known?.backups ?? []), manifest.id],
    ...(snapshot && { snapshot }),
  });
}

/** Two manifests that say different things of one object are held to it both. */
function knows(holder: Holder | undefined, { name, storedSha256 }: DataObject): boolean {
  return holder?.objects.some((one) => one.name === name && one.storedSha256 === storedSha256) === true;
}

async function findUnlisted(
  storage: Storage,
  job: string,
  signal: AbortSignal,
  isUnlisted: (id: string, name: string, info: ObjectInfo) => boolean,
): Promise<readonly StoredFinding[]> {
  const found: StoredFinding[] = [];
  const folder = jobFolder(job);
  for await (const info of storage.list(folder, signal)) {
    const object = info.name.slice(folder.length);
    const [id = '', ...rest] = object.split('/');
    // Beside the data stand the manifest and the evidence of drills.
    const own = rest.join('/') === 'manifest.json' || rest[0] === 'drills';
    if (!backupIdPattern.test(id) || own || !isUnlisted(id, object, info)) continue;
    const detail = `${info.bytes} bytes that no manifest names`;
    found.push({ kind: 'unlisted', backup: id, object, detail });
  }
  return found;
}
