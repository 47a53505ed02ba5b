import fc from 'fast-check';
import { keepReasons } from '../../storage/retention.ts';
import type { KeepPolicy, Retained } from '../../storage/retention.ts';
import { backupId } from '../../workflows/contract/names.ts';

const hour = 3_600_000;
const day = 24 * hour;
const rules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** How many backups the rules themselves may keep. */
function bound(policy: KeepPolicy): number {
  return rules.reduce((sum, rule) => sum + (policy[rule] ?? 0), 0);
}

function pointsOf(backups: readonly Retained[], now: Date): Retained[] {
  return backups
    .filter(({ state, reason, time }) => state === 'published' && reason !== 'safety' && time <= now)
    .sort((a, b) => b.time.getTime() - a.time.getTime());
}

/** What must hold after any pruning, whatever the policy. */
function expectSafe(backups: readonly Retained[], kept: ReadonlyMap<string, unknown>, now: Date): void {
  const [newest] = pointsOf(backups, now);
  if (newest !== undefined) expect(kept.has(newest.id)).toBe(true);
  const ids = new Set(backups.map(({ id }) => id));
  for (const { id, refersTo, state, time } of backups) {
    if (state === 'unreadable' || time > now) expect(kept.has(id)).toBe(true);
    if (kept.has(id)) for (const other of refersTo) expect(kept.has(other) || !ids.has(other)).toBe(true);
  }
}

describe('any backups, any policy', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  const limit = fc.option(fc.nat({ max: 12 }), { nil: 0 });
  const policies: fc.Arbitrary<KeepPolicy> = fc.record({
    last: limit,
    hourly: limit,
    daily: limit,
    weekly: limit,
    monthly: limit,
    yearly: limit,
    within: fc.constantFrom(0, 0, hour, 3 * day),
    safety: fc.constantFrom(0, day, 30 * day),
    timezone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
    ),
  });
  /** Minutes before now; some in the future, many close together. Each may refer to an earlier one. */
  const histories: fc.Arbitrary<Retained[]> = fc
    .uniqueArray(
      fc.record({
        minutes: fc.oneof(fc.integer({ min: -300, max: 3000 }), fc.integer({ min: 0, max: 60 * 24 * 400 })),
        reason: fc.constantFrom('schedule', 'schedule', 'manual', 'safety'),
        state: fc.constantFrom('published', 'published', 'published', 'unreadable'),
        back: fc.option(fc.integer({ min: 1, max: 5 })),
      }),
      { selector: ({ minutes }) => minutes, maxLength: 60 },
    )
    .map((drawn) => {
      const oldestFirst = drawn.toSorted((a, b) => b.minutes - a.minutes);
      const times = oldestFirst.map(({ minutes }) => new Date(now.getTime() - minutes * 60_000));
      return oldestFirst.map(({ reason, state, back }, index): Retained => {
        const time = times[index] ?? now;
        const holder = back === null ? undefined : times[index - back];
        const refersTo = holder === undefined || state === 'unreadable' ? [] : [backupId(holder)];
        return { id: backupId(time), time, reason, state, refersTo };
      });
    });

  test('what must never go stays', () => {
    fc.assert(
      fc.property(histories, policies, (backups, policy) => {
        expectSafe(backups, keepReasons(backups, policy, now), now);
      }),
    );
  });

  test('rules keep no more than they say; beyond them there is always another reason', () => {
    fc.assert(
      fc.property(histories, policies, (backups, policy) => {
        const reasons = [...keepReasons(backups, policy, now).values()];
        const byRule = reasons.filter((all) => all.some((one) => /^(oldest )?(last|\w+ly) /.test(one)));
        expect(byRule.length).toBeLessThanOrEqual(bound(policy));
        expect(reasons.every((all) => all.length > 0)).toBe(true);
      }),
    );
  });

  test('the order in which backups are given does not matter', () => {
    fc.assert(
      fc.property(histories, policies, (backups, policy) => {
        expect(keepReasons(backups.toReversed(), policy, now)).toEqual(keepReasons(backups, policy, now));
      }),
    );
  });

  test('pruning twice removes nothing more', () => {
    fc.assert(
      fc.property(histories, policies, (backups, policy) => {
        const kept = keepReasons(backups, policy, now);
        const left = backups.filter(({ id }) => kept.has(id));
        expect(new Set(keepReasons(left, policy, now).keys())).toEqual(new Set(kept.keys()));
      }),
    );
  });

  test('a daily rule alone keeps the last backup of each of the last days, by another way of counting', () => {
    fc.assert(
      fc.property(
        histories,
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
        (backups, daily, timezone) => {
          const dayOf = (time: Date) => time.toLocaleDateString('sv-SE', { timeZone: timezone });
          const points = pointsOf(backups, now);
          const days = [...new Set(points.map(({ time }) => dayOf(time)))].sort().reverse().slice(0, daily);
          const expected = days.map((one) => points.find(({ time }) => dayOf(time) === one)?.id);
          const kept = keepReasons(backups, { daily, timezone, safety: 0 }, now);
          const byRule = [...kept].filter(([, reasons]) => reasons.some((reason) => /^daily/.test(reason)));
          expect(byRule.map(([id]) => id).sort()).toEqual(expected.sort());
        },
      ),
    );
  });
});

describe('a year of hourly runs', () => {
  const policy: KeepPolicy = {
    last: 3,
    hourly: 24,
    daily: 14,
    weekly: 8,
    monthly: 12,
    yearly: 3,
    safety: 7 * day,
    timezone: 'Europe/Berlin',
  };
  const start = Date.parse('2026-01-01T00:00:00Z');

  /** Runs every hour, pruned once a day; `clock` is what the machine believes the time to be. */
  function live(hours: number, clock: (hour: number) => Date, runs: (hour: number) => boolean): Retained[] {
    let backups: Retained[] = [];
    for (let at = 0; at < hours; at++) {
      const time = clock(at);
      const id = backupId(time);
      if (runs(at) && !backups.some((other) => other.id === id)) {
        // Two runs in three find the store unchanged, and refer to the newest that has data of its own.
        const holder = backups.findLast((other) => other.refersTo.length === 0 && other.reason !== 'safety');
        const refersTo = at % 3 === 0 || holder === undefined ? [] : [holder.id];
        backups.push({ id, time, state: 'published', reason: 'schedule', refersTo });
        if (at % 500 === 17) {
          const safety = new Date(time.getTime() + 60_000);
          backups.push({
            id: backupId(safety),
            time: safety,
            state: 'published',
            reason: 'safety',
            refersTo: [],
          });
        }
      }
      if (at % 24 !== 23) continue;
      const now = new Date(clock(at).getTime() + 5 * 60_000);
      const kept = keepReasons(backups, policy, now);
      expectSafe(backups, kept, now);
      const future = backups.filter(({ time: when }) => when > now).length;
      const safety = backups.filter(({ reason }) => reason === 'safety').length;
      // Each kept backup may bring one that holds its data.
      expect(kept.size).toBeLessThanOrEqual(2 * (bound(policy) + 1 + safety) + future);
      backups = backups.filter((one) => kept.has(one.id));
    }
    return backups;
  }

  const steady = (at: number) => new Date(start + at * hour);

  test('without gaps ends with what the policy says, through both changes of the clocks', () => {
    const backups = live(365 * 24, steady, () => true);
    const last = steady(365 * 24 - 1);
    const kept = keepReasons(backups, policy, last);
    const of = (rule: string) =>
      [...kept.values()].filter((all) => all.some((one) => one.startsWith(`${rule} `)));
    expect(of('last')).toHaveLength(3);
    expect(of('hourly')).toHaveLength(24);
    expect(of('daily')).toHaveLength(14);
    expect(of('weekly')).toHaveLength(8);
    expect(of('monthly')).toHaveLength(12);
    // The last run was at 23:00 UTC: in Berlin, the first hour of the next year.
    expect(of('yearly')).toHaveLength(2);
    expect([...kept.values()].flat()).toContain('yearly 2027');
  });

  test('with gaps of hours, days and months keeps as much history, from further back', () => {
    const gaps = (at: number) => at % 100 < 80 && !(at > 2000 && at < 3500) && !(at > 5000 && at < 5100);
    const backups = live(365 * 24, steady, gaps);
    const kept = keepReasons(backups, policy, steady(365 * 24));
    const daily = [...kept.values()].filter((all) => all.some((one) => one.startsWith('daily ')));
    expect(daily).toHaveLength(14);
  });

  test('with a clock that was a month ahead for a day, then right again, loses nothing that must stay', () => {
    const jumping = (at: number) => new Date(start + at * hour + (at >= 3000 && at < 3024 ? 30 * day : 0));
    const backups = live(4500, jumping, () => true);
    const kept = keepReasons(backups, policy, jumping(4500));
    expect([...kept.values()].flat()).not.toContain('its time is in the future');
    expect(kept.size).toBeGreaterThan(40);
  });

  test('with a clock put back by a day keeps both the new runs and those from the future', () => {
    const back = (at: number) => new Date(start + at * hour - (at >= 3000 ? day - hour / 2 : 0));
    expect(live(3200, back, () => true).length).toBeGreaterThan(40);
  });
});
