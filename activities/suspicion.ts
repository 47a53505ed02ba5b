import type { JobConfig } from '../config/config.ts';
import { listBackups } from '../storage/catalog.ts';
import { listMarks } from '../storage/marks.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured } from '../workflows/contract/backup.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';

/** As many times as long as before is suspicious, */
const slower = 10;
/** but not of captures that are quick all the same. */
const quick = 60_000;

/**
 * Why a backup may not be what it should be, against the last good one of the same scope: it is empty, or holds far
 * less, or took far longer. Those that are suspicious themselves, and that nobody has said to trust, are passed over.
 */
export async function suspicionsOf(
  storage: Storage,
  { name, maxShrink }: Pick<JobConfig, 'name' | 'maxShrink'>,
  captured: Captured,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (captured.reason === 'safety' || captured.reason === 'import') return [];
  const good = await lastGood(storage, name, captured, signal);
  return good === undefined ? [] : compare(good, captured, maxShrink);
}

async function lastGood(
  storage: Storage,
  job: string,
  { id, scope, store, objects }: Captured,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const marks = await listMarks(storage, job, signal);
  for await (const entry of listBackups(storage, job, signal)) {
    if (entry.state !== 'published' || entry.id >= id) continue;
    const { manifest } = entry;
    if (manifest.reason === 'safety' || manifest.reason === 'import') continue;
    if (manifest.suspicions !== undefined && marks.get(entry.id)?.has('trusted') !== true) continue;
    const comparable =
      manifest.store.kind === store.kind &&
      manifest.scope.prefix === scope.prefix &&
      manifest.objects[0]?.format === objects[0]?.format;
    // Another scope or mode is a decision; what came before it says nothing any more.
    return comparable ? manifest : undefined;
  }
  return undefined;
}

function compare(good: Manifest, now: Captured, maxShrink: number): readonly string[] {
  const { records, bytes } = now.content;
  const suspicions: string[] = [];
  const than = `than in ${good.id}, the last good one`;
  if (records === 0 && good.content.records > 0)
    suspicions.push(`it is empty, and ${good.id} held ${good.content.records} records`);
  else if (records < good.content.records * (1 - maxShrink))
    suspicions.push(`it holds ${fewer(good.content.records, records)} fewer records ${than}`);
  else if (bytes < good.content.bytes * (1 - maxShrink))
    suspicions.push(`it holds ${fewer(good.content.bytes, bytes)} fewer bytes ${than}`);
  const [before = 0, took = 0] = [good.captureMilliseconds, now.captureMilliseconds];
  if (before > 0 && took > quick && took > before * slower)
    suspicions.push(`reading the store took ${Math.round(took / before)} times as long as for ${good.id}`);
  return suspicions;
}

function fewer(before: number, now: number): string {
  return `${Math.floor((1 - now / before) * 100)} %`;
}
