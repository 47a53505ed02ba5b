import type { JobConfig } from '../../config/config.ts';
import { restoreFolder, restoresFolder } from '../../storage/layout.ts';
import type { Storage } from '../../storage/storage.ts';
import { removeDrillIndices } from '../../stores/elasticsearch/scratch.ts';
import { backupIdPattern, timeOfBackupId } from '../../workflows/contract/names.ts';
import { holdsIndices } from '../open.ts';
import { jobOf, type Step } from '../step.ts';
import { indexTargetOf } from './index-target.ts';
import { drillsPrefix } from './key-scratch.ts';
import { removeKeys } from './remove-keys.ts';

const idLength = '20261122T041500Z'.length;
const restoreIdStart = 'drill-';

/** The name under which a drill makes its plan. */
export function restoreIdOf(id: string): string {
  return `${restoreIdStart}${id}`;
}

/**
 * Removes what an earlier attempt of this drill has left, and what drills left that ended without a word long ago.
 * Throwaway servers need none of this: they end with their worker.
 */
export async function removeLeftovers(
  { config, signal }: Step,
  job: JobConfig,
  storage: Storage,
  id: string,
): Promise<void> {
  const isLeft = (other: string): boolean => other === id || hasEnded(job, other);
  await removePlans(job, storage, isLeft, signal);
  const { scratch } = job.drill;
  if (holdsIndices(job)) {
    const target = indexTargetOf(config, job);
    const ofDrill = (rest: string): boolean => isLeft(rest.slice(0, idLength).toUpperCase());
    if (holdsIndices(target)) {
      await removeDrillIndices(target.store.elasticsearch, job.name, ofDrill, signal);
    }
    return;
  }
  if (scratch?.prefix === undefined) return;
  const inFolder = (rest: string): boolean => isLeft(rest.split('/')[0] ?? '');
  await removeKeys(jobOf(config, scratch.job), drillsPrefix(job, scratch.prefix), inFolder, signal);
}

async function removePlans(
  { name }: JobConfig,
  storage: Storage,
  isLeft: (id: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for await (const folder of storage.folders(restoresFolder(name), signal)) {
    if (!folder.startsWith(restoreIdStart) || !isLeft(folder.slice(restoreIdStart.length))) continue;
    const names = await Array.fromAsync(
      storage.list(restoreFolder(name, folder), signal),
      (object) => object.name,
    );
    await storage.remove(names, signal);
  }
}

const hour = 3_600_000;

/** Whether a drill of that id is over for certain: it may have started late, and then had all of its time. */
function hasEnded({ deadline, drill }: JobConfig, id: string): boolean {
  if (!backupIdPattern.test(id)) return false;
  const lastEnd = timeOfBackupId(id).getTime() + (drill.schedule?.catchup ?? 0) + deadline + hour;
  return lastEnd < Date.now();
}
