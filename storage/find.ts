import { HoldfastError } from '../workflows/contract/errors.ts';
import { backupId, backupIdPattern } from '../workflows/contract/names.ts';
import { listBackups, listJobs, readEntry } from './catalog.ts';
import type { PublishedBackup, UnreadableBackup } from './catalog.ts';
import { jobFolder } from './layout.ts';
import { listMarks } from './marks.ts';
import type { Storage } from './storage.ts';

/**
 * The backup that a person means: `latest`, an id, or `before:<ISO time>`, the last one that was captured at or
 * before that time (UTC where it names no zone). Safety backups answer to their id alone, since they hold only a part; so
 * do imported ones, which show the store as it was at some other time.
 *
 * Never an older one in silence: where the manifest of a newer one cannot be read, its error is thrown, with the
 * id of the next best.
 *
 * @throws BackupNotFound naming the nearest; BadRequest; what made a manifest unreadable
 */
export async function findBackup(
  storage: Storage,
  job: string,
  which: string,
  signal?: AbortSignal,
): Promise<PublishedBackup> {
  if (which === 'latest') return newest(storage, job, undefined, signal);
  if (which.startsWith('before:')) return newest(storage, job, parseTime(which.slice(7)), signal);
  if (backupIdPattern.test(which)) return byId(storage, job, which, signal);
  throw new HoldfastError(
    'BadRequest',
    `${JSON.stringify(which)} names no backup: say latest, an id like 20261122T041500Z, or before:2026-11-22T04:15:00Z.`,
  );
}

/**
 * As `findBackup`, for who is about to rely on it: where `latest` or `before:` comes to a backup that a verification found
 * damaged, that is told with the id of the next best, and nothing older is taken in silence. One that is named by its id is
 * given: every byte of it is checked again before anything is written.
 *
 * @throws BackupDamaged, and what `findBackup` throws
 */
export async function findReliable(
  storage: Storage,
  job: string,
  which: string,
  signal?: AbortSignal,
): Promise<PublishedBackup> {
  const found = await findBackup(storage, job, which, signal);
  if (found.id === which) return found;
  const marks = await listMarks(storage, job, signal);
  const isDamaged = (id: string) => marks.get(id)?.has('damaged') === true;
  if (!isDamaged(found.id)) return found;
  let advice = 'There is no older one that is good.';
  for await (const entry of listBackups(storage, job, signal)) {
    if (entry.state !== 'published' || entry.id >= found.id || isDamaged(entry.id)) continue;
    if (!answers(entry, undefined)) continue;
    advice = `If an older one will do, name the backup ${entry.id}.`;
    break;
  }
  throw new HoldfastError(
    'BackupDamaged',
    `A verification found backup ${found.id} of ${job} damaged. ${advice} To use this one all the same, name it by its id.`,
  );
}

async function byId(
  storage: Storage,
  job: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<PublishedBackup> {
  const entry = await readEntry(storage, job, id, signal);
  if (entry.state === 'published') return entry;
  if (entry.state === 'unreadable') throw entry.error;
  throw await notFound(storage, job, id, `no backup ${id}`, signal);
}

async function newest(
  storage: Storage,
  job: string,
  notAfter: Date | undefined,
  signal: AbortSignal | undefined,
): Promise<PublishedBackup> {
  const lastId = notAfter === undefined ? undefined : backupId(notAfter);
  let unreadable: UnreadableBackup | undefined;
  for await (const entry of listBackups(storage, job, signal)) {
    // A run does not capture before the time in its id, so these are out of the question.
    if (lastId !== undefined && entry.id > lastId) continue;
    if (entry.state === 'unreadable') unreadable ??= entry;
    else if (answers(entry, notAfter)) {
      if (unreadable === undefined) return entry;
      throw withAdvice(unreadable.error, `If an older one will do, name the backup ${entry.id}.`);
    }
  }
  if (unreadable !== undefined) throw withAdvice(unreadable.error, 'There is no older backup.');
  const when = notAfter === undefined ? '' : ` captured at or before ${notAfter.toISOString()}`;
  throw await notFound(storage, job, lastId, `no backup${when}`, signal);
}

function answers({ manifest }: PublishedBackup, notAfter: Date | undefined): boolean {
  if (manifest.reason === 'safety' || manifest.reason === 'import') return false;
  return notAfter === undefined || new Date(manifest.capturedAt) <= notAfter;
}

function withAdvice(error: HoldfastError, advice: string): HoldfastError {
  return new HoldfastError(error.code, `${error.message} ${advice}`, {
    cause: error,
    details: error.details,
  });
}

async function notFound(
  storage: Storage,
  job: string,
  id: string | undefined,
  what: string,
  signal: AbortSignal | undefined,
): Promise<HoldfastError> {
  const entries = await Array.fromAsync(listBackups(storage, job, signal));
  const ids = entries.filter((entry) => entry.state === 'published').map((entry) => entry.id);
  const older = id === undefined ? ids[0] : ids.find((other) => other < id);
  const newer = id === undefined ? undefined : ids.findLast((other) => other > id);
  const nearest = [older, newer].filter((found) => found !== undefined);
  const found = `${storage.address}/${jobFolder(job)} holds ${what}`;
  const details = { job, nearest };
  if (nearest.length > 0)
    return new HoldfastError('BackupNotFound', `${found}. Nearest: ${nearest.join(', ')}.`, { details });
  const jobs = await listJobs(storage, signal);
  const others = jobs.length === 0 ? 'no backups at all' : `backups of ${jobs.join(', ')}`;
  return new HoldfastError('BackupNotFound', `${found}; the storage holds ${others}.`, { details });
}

/** `2026-11-22`, `2026-11-22T04:15`, with seconds, with `Z` or `+01:00`; UTC where no zone is named. */
function parseTime(text: string): Date {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time = new Date(match === null ? NaN : `${match[1] ?? ''}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`);
  if (!Number.isNaN(time.getTime())) return time;
  throw new HoldfastError(
    'BadRequest',
    `${JSON.stringify(text)} is no time. Write it like 2026-11-22T04:15:00Z or 2026-11-22T05:15+01:00.`,
  );
}
