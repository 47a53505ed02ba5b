import { describe, expect, test } from '@jest/globals';
import { pendingWrites } from '../../stores/pending.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { PlanLine } from '../../workflows/contract/restore.ts';
import { lent } from '../lent.ts';
import { record, source } from './records.ts';

async function pending(
  plan: readonly PlanLine[],
  backup: readonly KeyRecord[],
  live: readonly KeyRecord[] | undefined,
  mapKey = { from: '', to: '' },
) {
  const told: string[] = [];
  const written: string[] = [];
  const batches = pendingWrites({
    plan: lines(plan),
    backup: source(backup).records,
    live: live && lent(source(live, [2]).records),
    mapKey,
    onOutcome: (write, outcome, reason) => {
      const key = write.op === 'set' ? write.record.key : write.key;
      told.push([key.toString(), outcome, ...(reason === undefined ? [] : [reason])].join(' '));
    },
  });
  for await (const batch of batches) {
    for (const write of batch) {
      const what =
        write.op === 'set'
          ? `set ${write.record.key.toString()}=${String(write.record.value)}`
          : `delete ${write.key.toString()}`;
      written.push(`${what} at ${write.seen}`);
    }
  }
  return { written, told };
}

/** In batches of two. */
async function* lines(plan: readonly PlanLine[]): AsyncGenerator<readonly PlanLine[]> {
  for (let at = 0; at < plan.length; at += 2) yield await Promise.resolve(plan.slice(at, at + 2));
}

describe('what is left of a plan', () => {
  const plan: readonly PlanLine[] = [
    { op: 'add', key: 'a', seen: '0' },
    { op: 'change', key: 'b', seen: '21' },
    { op: 'refuse', key: 'c', seen: '22', reason: 'locked by session S' },
    { op: 'remove', key: 'd', seen: '23' },
    { op: 'add', keyBase64: 'ef8=', seen: '0' },
  ];
  const odd = Buffer.from([0x79, 0xff]);
  const backup = [
    record('a', 'A'),
    record('b', 'B'),
    record('c', 'C'),
    record('equal', 'E'),
    record(odd, 'Y'),
  ];
  const before = [record('b', 'old', '21'), record('c', 'old', '22'), record('d', 'old', '23')];

  test('is all of it where nothing was done', async () => {
    expect(await pending(plan, backup, before)).toEqual({
      written: ['set a=A at 0', 'set b=B at 21', 'delete d at 23', 'set y\ufffd=Y at 0'],
      told: [],
    });
  });

  test('is all of it where the store is not read: the guards decide', async () => {
    expect(await pending(plan, backup, undefined)).toEqual({
      written: ['set a=A at 0', 'set b=B at 21', 'delete d at 23', 'set y\ufffd=Y at 0'],
      told: [],
    });
  });

  test('is what an attempt before did not reach', async () => {
    const half = [
      record('a', 'A', '30'),
      record('b', 'B', '30'),
      record('c', 'old', '22'),
      record('d', 'old', '23'),
    ];
    expect(await pending(plan, backup, half)).toEqual({
      written: ['delete d at 23', 'set y\ufffd=Y at 0'],
      told: ['a already', 'b already'],
    });
  });

  test('is nothing where all was done', async () => {
    const done = [
      record('a', 'A', '30'),
      record('b', 'B', '30'),
      record('c', 'old', '22'),
      record(odd, 'Y', '31'),
    ];
    expect(await pending(plan, backup, done)).toEqual({
      written: [],
      told: ['a already', 'b already', 'd already', 'y\ufffd already'],
    });
  });

  test('leaves what others changed since the plan', async () => {
    const changed = [
      record('a', 'theirs', '40'),
      record('b', 'theirs', '41'),
      record('d', 'theirs', '42'),
      record(odd, 'theirs', '43'),
    ];
    expect(await pending(plan, backup, changed)).toEqual({
      written: [],
      told: [
        'a conflict added since the plan',
        'b conflict changed since the plan',
        'd conflict changed since the plan',
        'y\ufffd conflict added since the plan',
      ],
    });
    expect((await pending(plan.slice(1, 2), backup, [])).told).toEqual(['b conflict removed since the plan']);
  });

  test('never has a locked key', async () => {
    const locked = [record('b', 'old', '21', '0', 'S1'), record('d', 'old', '23', '0', 'S2')];
    expect((await pending(plan.slice(1, 4), backup, locked)).told).toEqual([
      'b conflict locked by session S1',
      'd conflict locked by session S2',
    ]);
  });

  test('follows the prefix of the plan', async () => {
    const { written } = await pending(
      [
        { op: 'add', key: 'copy/a', seen: '0' },
        { op: 'remove', key: 'copy/b', seen: '7' },
      ],
      [record('app/a', 'A'), record('apple', 'no')],
      [record('copy/b', 'old', '7')],
      { from: 'app/', to: 'copy/' },
    );
    expect(written).toEqual(['set copy/a=A at 0', 'delete copy/b at 7']);
  });

  test('a plan that the backup does not bear out is refused', async () => {
    await expect(pending([{ op: 'add', key: 'aa', seen: '0' }], backup, [])).rejects.toMatchObject({
      code: 'ArchiveCorrupt',
      message: expect.stringContaining('"aa"'),
    });
  });

  test('closes its sources where the plan is empty or the consumer stops', async () => {
    for (const plan of [[], [{ op: 'add', key: 'a', seen: '0' }] as const]) {
      const sources = [source(backup), source(before)] as const;
      const batches = pendingWrites({
        plan: lines(plan),
        backup: sources[0].records,
        live: sources[1].records,
        mapKey: { from: '', to: '' },
        onOutcome: () => undefined,
      });
      for await (const batch of batches) {
        expect(batch).toHaveLength(1);
        break;
      }
      expect(sources[1].closed()).toBe(true);
    }
  });
});
