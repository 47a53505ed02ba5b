import type { JobConfig } from '../config/config.ts';
import { listBackups } from '../storage/catalog.ts';
import { listMarks, type Marks } from '../storage/marks.ts';
import type { Storage } from '../storage/storage.ts';
import type { Captured } from '../workflows/contract/backup.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';
import { timeOfBackupId } from '../workflows/contract/names.ts';

/** As many times as long as before is suspicious, */
const slower = 10;
/** but not of captures that are quick all the same. */
const quick = 60_000;
/** Milliseconds that clocks may be apart: S3 itself refuses requests that are a quarter of an hour off. */
const tolerance = 600_000;

/**
 * Why a backup may not be what it should be, against the last good one of the same scope: it is empty, or holds far
 * less, or took far longer. Those that are suspicious themselves, and that nobody has said to trust, are passed over.
 * Besides, where a clock is wrong, or went back.
 */
export async function suspicionsOf(
  storage: Storage,
  { name, maxShrink }: Pick<JobConfig, 'name' | 'maxShrink'>,
  captured: Captured,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (captured.reason === 'safety' || captured.reason === 'import') return [];
  const marks = await listMarks(storage, name, signal);
  const limit = Date.now() + tolerance;
  const { last, toCome } = await lookBack(storage, name, captured.id, { marks, limit, signal });
  const untrusted = toCome.find((manifest) => !isTrusted(marks, manifest));
  return [
    ...(last !== undefined && isComparable(last, captured) ? compare(last, captured, maxShrink) : []),
    ...clockSuspicions(captured, untrusted, limit),
  ];
}

interface Earlier {
  /** The last good one before this backup. */
  readonly last: Manifest | undefined;
  /** The newest ones, as far as they are of a time to come. */
  readonly toCome: readonly Manifest[];
}

async function lookBack(
  storage: Storage,
  job: string,
  id: string,
  { marks, limit, signal }: { readonly marks: Marks; readonly limit: number; readonly signal: AbortSignal },
): Promise<Earlier> {
  const toCome: Manifest[] = [];
  let last: Manifest | undefined;
  let past = false;
  for await (const entry of listBackups(storage, job, signal)) {
    if (entry.state !== 'published') continue;
    const { manifest } = entry;
    past ||= latestTime(manifest) <= limit;
    if (!past) toCome.push(manifest);
    if (last === undefined && manifest.id < id && isGood(marks, manifest)) last = manifest;
    if (past && last !== undefined) break;
  }
  return { last, toCome };
}

function isGood(marks: Marks, manifest: Manifest): boolean {
  if (manifest.reason === 'safety' || manifest.reason === 'import') return false;
  return manifest.suspicions === undefined || isTrusted(marks, manifest);
}

/** Another scope or mode is a decision; what came before it says nothing any more. */
function isComparable(last: Manifest, { store, scope, objects }: Captured): boolean {
  return (
    last.store.kind === store.kind &&
    last.scope.prefix === scope.prefix &&
    last.objects[0]?.format === objects[0]?.format
  );
}

/**
 * Backups are in the order of their ids, which are times. Where one is of a time to come, `latest` means that one until
 * then, whatever is backed up meanwhile.
 */
function clockSuspicions(
  { job, id }: Captured,
  untrusted: Manifest | undefined,
  limit: number,
): readonly string[] {
  const when = `still to come by the clock of this worker, ${new Date().toISOString()}: a clock is wrong, or went back`;
  if (timeOfBackupId(id).getTime() > limit) return [`its own time, ${id}, is ${when}`];
  if (untrusted === undefined) return [];
  return [
    `${untrusted.id} was published at ${untrusted.publishedAt}, and that or its id is ${when}. Until then latest means ` +
      `that one, unless it is removed; holdfast trust ${job} ${untrusted.id} says that this is known`,
  ];
}

function latestTime({ id, publishedAt }: Manifest): number {
  return Math.max(timeOfBackupId(id).getTime(), Date.parse(publishedAt));
}

function isTrusted(marks: Marks, { id }: Manifest): boolean {
  return marks.get(id)?.has('trusted') === true;
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
