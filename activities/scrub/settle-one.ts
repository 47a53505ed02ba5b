import { listBackups } from '../../storage/catalog.ts';
import { listMarks } from '../../storage/marks.ts';
import type { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import type { StoredFinding } from '../../workflows/contract/scrub.ts';
import type { Holder } from './inventory.ts';
import { type HolderReading, readHolder } from './read-holder.ts';
import { markAll, type Settling, unmarkAll } from './settle.ts';

type SettlingOne = Omit<HolderReading, 'onBytes'> & Settling;

/** Notes down that one backup was read back and was damaged: of it, and of all that consist of the same data. */
export async function settleDamaged(
  settling: SettlingOne,
  manifest: Manifest,
  error: HoldfastError,
): Promise<void> {
  const holder = await holderOf(settling, manifest);
  const found = await readHolder({ ...settling, onBytes: () => undefined }, holder);
  // One bad read may be the network's. But etcd's own proof is of what the bytes mean.
  if (found.length === 0 && error.code !== 'VerifyFailed') return;
  const object = manifest.objects[0]?.name ?? '';
  const unlike = holder.backups.map((backup): StoredFinding => {
    return { kind: 'flipped', backup, object, detail: error.message };
  });
  await markAll(settling, found.length > 0 ? found : unlike);
}

/** Notes down that one backup was read back and is whole, where it or one of the same data is marked as damaged. */
export async function settleWhole(settling: SettlingOne, manifest: Manifest): Promise<void> {
  const marks = await listMarks(settling.storage, settling.job, settling.signal);
  const isMarked = (id: string) => marks.get(id)?.has('damaged') === true;
  if (![...marks.keys()].some(isMarked)) return;
  const { backups } = await holderOf(settling, manifest);
  await unmarkAll(settling, backups.filter(isMarked));
}

async function holderOf({ storage, job, signal }: SettlingOne, manifest: Manifest): Promise<Holder> {
  const id = manifest.unchangedSince ?? manifest.id;
  const backups: string[] = [];
  for await (const entry of listBackups(storage, job, signal)) {
    if (entry.state !== 'published') continue;
    if ((entry.manifest.unchangedSince ?? entry.id) === id) backups.push(entry.id);
  }
  const snapshot = manifest.snapshot && { ...manifest, job };
  return { id, objects: manifest.objects, backups, ...(snapshot && { snapshot }) };
}
