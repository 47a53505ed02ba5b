import type { BackupReason } from '../workflows/contract/manifest.ts';
import { periodsIn } from './periods.ts';
import type { Period } from './periods.ts';

/** What to keep: the union of all rules, as restic's users know them. Hours, days and weeks are those of the time zone. */
export interface KeepPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Milliseconds before the newest backup; so a job that has stopped loses nothing more. */
  readonly within?: number;
  /** So many good backups stay, whatever the rules say; absent: one. */
  readonly atLeast?: number;
  /** Milliseconds that safety backups are kept; the other rules pass them over. */
  readonly safety: number;
  readonly timezone: string;
  /**
   * Milliseconds that a run has to publish what it stored, before that counts as left over; absent: a day. Never less
   * than a run may take, so that nothing of one that is at work is removed.
   */
  readonly unfinishedFor?: number;
}

/** What retention has to know of a backup. */
export interface Retained {
  readonly id: string;
  readonly time: Date;
  /** Published is verified. `unreadable`: there is a manifest, and nobody can tell what it says. */
  readonly state: 'published' | 'unreadable';
  readonly reason: BackupReason;
  /** Somebody has said that it stays. */
  readonly pinned?: boolean;
  /** It may not be what it should be, and nobody has said that it is. */
  readonly suspicious?: boolean;
  /** A verification has found that what is stored of it is not what was written. */
  readonly damaged?: boolean;
  /** The ids of the earlier backups whose data this one refers to. */
  readonly refersTo: readonly string[];
}

const rules: readonly Period[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'];

/**
 * The backups to keep, each with its reasons in words (`daily 2026-11-21`, `last 1 of 3`). Those that are not in
 * the result may be removed.
 *
 * Every rule walks from the newest to the oldest and keeps the newest of each period, until it has kept as many as
 * it says; one that is not full keeps the oldest too. Beyond the rules stay: the newest verified backup, what a
 * kept one refers to, those from the future, and those that cannot be read, with the data these may refer to.
 * Imported ones are not of the schedule: the rules pass them over, and they stay. Pinned ones stay.
 *
 * A backup that is damaged or suspicious never takes the place of a good one: the rules choose among the good ones as
 * if the others were not there, and besides keep the others for as long as they would if these were good. While the
 * newest backup is damaged or suspicious, everything stays: an earlier one may be the last that is good. And the newest
 * good ones stay, as many as `atLeast` says.
 *
 * Without any rule everything stays but old safety backups.
 */
export function keepReasons(
  backups: readonly Retained[],
  policy: KeepPolicy,
  now: Date,
): Map<string, readonly string[]> {
  const kept = new Map<string, string[]>();
  const keep = ({ id }: Retained, reason: string) => {
    kept.set(id, [...(kept.get(id) ?? []), reason]);
  };
  const newestFirst = backups.toSorted((a, b) => b.time.getTime() - a.time.getTime() || compare(b.id, a.id));
  const past = newestFirst.filter((backup) => backup.time <= now);
  const readable = past.filter((backup) => backup.state !== 'unreadable');
  const points = readable.filter(({ reason }) => reason !== 'safety' && reason !== 'import');

  for (const backup of newestFirst) {
    if (backup.state === 'unreadable')
      keep(backup, 'its manifest cannot be read: look at it, then delete it by hand');
    else if (backup.time > now) keep(backup, 'its time is in the future');
  }
  const good = points.filter((point) => !isDoubtful(point));
  applyRules(good, policy, keep);
  applyRules(points, policy, (point, reason) => {
    if (isDoubtful(point)) keep(point, reason);
  });
  for (const backup of readable) {
    const until = new Date(backup.time.getTime() + policy.safety);
    if (backup.reason === 'import') keep(backup, 'imported by hand: delete it by hand');
    if (backup.reason === 'safety' && until > now) keep(backup, `safety backup until ${until.toISOString()}`);
  }
  for (const backup of readable) if (backup.pinned === true) keep(backup, 'pinned');
  const [newestPoint] = points;
  if (newestPoint !== undefined && isDoubtful(newestPoint)) {
    const is = newestPoint.damaged === true ? 'damaged' : 'suspicious';
    for (const backup of readable) keep(backup, `the newest backup, ${newestPoint.id}, is ${is}`);
  }
  const newest = newestPoint ?? readable[0];
  if (newest !== undefined) keep(newest, 'newest verified');
  const { atLeast = 1 } = policy;
  for (const point of good.slice(0, atLeast))
    if (!kept.has(point.id))
      keep(point, atLeast === 1 ? 'the last good one' : `one of the last ${atLeast} good ones`);
  keepReferred(newestFirst, points, kept, keep);
  return kept;
}

function isDoubtful({ suspicious, damaged }: Retained): boolean {
  return suspicious === true || damaged === true;
}

type Keep = (backup: Retained, reason: string) => void;

function applyRules(points: readonly Retained[], policy: KeepPolicy, keep: Keep): void {
  const limits = [policy.last, policy.within, ...rules.map((rule) => policy[rule])];
  if (!limits.some((limit) => limit !== undefined && limit > 0)) {
    for (const point of points) keep(point, 'no rule says otherwise');
    return;
  }

  const last = policy.last ?? 0;
  points.slice(0, last).forEach((point, index) => keep(point, `last ${index + 1} of ${last}`));

  const [newest] = points;
  for (const point of points) {
    if (newest === undefined || policy.within === undefined) break;
    const age = newest.time.getTime() - point.time.getTime();
    if (age < policy.within) keep(point, `within ${duration(policy.within)}`);
  }

  const periodsOf = periodsIn(policy.timezone);
  const periods = points.map(({ time }) => periodsOf(time));
  for (const rule of rules) {
    const names = periods.map((period) => period[rule]);
    for (const index of chosen(names, policy[rule] ?? 0)) {
      const [point, name] = [points[index], names[index]];
      const oldest = name === names[index - 1] ? 'oldest ' : '';
      if (point !== undefined) keep(point, `${oldest}${rule} ${name ?? ''}`);
    }
  }
}

/** Where each run of equal names begins, at most `limit` times; and the last place of all, while there is room. */
function chosen(names: readonly string[], limit: number): readonly number[] {
  const places = [...names.keys()].filter((index) => names[index] !== names[index - 1]);
  if (places.length >= limit || names.length === 0) return places.slice(0, limit);
  return [...new Set([...places, names.length - 1])];
}

/**
 * A backup stays as a whole while a kept one refers to its data, so that there is never data without its manifest.
 * A manifest that cannot be read may refer to what the backup before it has or refers to: runs look only there.
 */
function keepReferred(
  newestFirst: readonly Retained[],
  points: readonly Retained[],
  kept: ReadonlyMap<string, unknown>,
  keep: Keep,
): void {
  for (const backup of newestFirst) {
    if (backup.state !== 'unreadable') continue;
    const before = points.find((point) => point.id < backup.id);
    if (before !== undefined) keep(before, `may hold the data of ${backup.id}`);
  }
  const referrers = new Map<string, string[]>();
  // References point to earlier backups, so one walk from the newest also follows chains.
  for (const backup of newestFirst) {
    const [first, ...more] = referrers.get(backup.id) ?? [];
    if (first !== undefined)
      keep(backup, `holds the data of ${first}${more.length > 0 ? ` and ${more.length} earlier` : ''}`);
    if (!kept.has(backup.id)) continue;
    for (const id of backup.refersTo) referrers.set(id, [...(referrers.get(id) ?? []), backup.id]);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function duration(milliseconds: number): string {
  const hours = Number((milliseconds / 3_600_000).toFixed(2));
  const [count, unit] = hours >= 24 && hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
