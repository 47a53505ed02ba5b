import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planLine, planWrites } from '../../stores/plan.ts';
import type { PlanItem, PlanSources } from '../../stores/plan.ts';
import { mapRecords } from '../../stores/mapping.ts';
import { keyOfLine } from '../../stores/plan-line.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { RestoreMode } from '../../workflows/contract/restore.ts';
import { lent } from '../lent.ts';
import { record, source } from './records.ts';

const inPlace = { from: '', to: '' };
const modes: readonly RestoreMode[] = ['missing-only', 'overwrite', 'mirror'];

async function plan(
  backup: readonly KeyRecord[],
  live: readonly KeyRecord[],
  mode: RestoreMode,
  more: Partial<Pick<PlanSources, 'mapKey' | 'refusal'>> = {},
) {
  const planning = planWrites({
    backup: source(backup).records,
    live: lent(source(live, [1, 0, 4]).records),
    mode,
    mapKey: inPlace,
    refusal: () => undefined,
    ...more,
  });
  const items: PlanItem[] = [];
  for await (const batch of planning.items) {
    items.push(...batch.map((item) => ({ ...item, key: Buffer.from(item.key) })));
  }
  return {
    items,
    counts: planning.counts(),
    lines: items.map((item) => `${item.op} ${item.key.toString()}`),
  };
}

describe('the plan of a restore', () => {
  const backup = [
    record('a', '1'),
    record('b', 'old'),
    record('c', 'same', '3', '7'),
    record('e', 'x', '0', '1'),
  ];
  const live = [
    record('b', 'new', '21'),
    record('c', 'same', '22', '7'),
    record('d', 'extra', '23'),
    record('e', 'x', '24', '2'),
  ];

  test.each([
    ['missing-only', ['add a'], { add: 1, change: 0, remove: 0, refused: 0, equal: 1, keep: 3 }],
    [
      'overwrite',
      ['add a', 'change b', 'change e'],
      { add: 1, change: 2, remove: 0, refused: 0, equal: 1, keep: 1 },
    ],
    [
      'mirror',
      ['add a', 'change b', 'remove d', 'change e'],
      { add: 1, change: 2, remove: 1, refused: 0, equal: 1, keep: 0 },
    ],
  ] as const)('%s', async (mode, lines, counts) => {
    const planned = await plan(backup, live, mode);
    expect(planned.lines).toEqual(lines);
    expect(planned.counts).toEqual(counts);
  });

  test('guards every step with the index of the live key, and 0 where there is none', async () => {
    const { items } = await plan(backup, live, 'mirror');
    expect(items.map(({ seen }) => seen)).toEqual(['0', '21', '23', '24']);
    expect(items.map((item) => ('record' in item ? item.record.value?.toString() : undefined))).toEqual([
      '1',
      'old',
      undefined,
      'x',
    ]);
  });

  test('null and empty are the same, other attributes are not', async () => {
    const empty = await plan([record('a', null)], [record('a', '', '1')], 'overwrite');
    expect(empty.counts.equal).toBe(1);
    const one = { ...record('a', 'v', '1'), attributes: {} };
    expect((await plan([record('a', 'v')], [one], 'overwrite')).counts.change).toBe(1);
    expect((await plan([one], [record('a', 'v', '1')], 'overwrite')).counts.change).toBe(1);
    expect((await plan([record('a', null)], [record('a', 'v', '1')], 'overwrite')).counts.change).toBe(1);
  });

  test('refuses locked keys that it would change or remove, and no others', async () => {
    const locked = [
      record('changed', 'theirs', '1', '0', 'S1'),
      record('equal', 'same', '2', '0', 'S2'),
      record('extra', 'theirs', '3', '0', 'S3'),
    ];
    const wanted = [record('changed', 'ours'), record('equal', 'same')];
    const { items, counts } = await plan(wanted, locked, 'mirror');
    expect(items.map(planLine)).toEqual([
      { op: 'refuse', key: 'changed', seen: '1', reason: 'locked by session S1' },
      { op: 'refuse', key: 'extra', seen: '3', reason: 'locked by session S3' },
    ]);
    expect(counts).toMatchObject({ refused: 2, equal: 1 });
    expect((await plan(wanted, locked, 'missing-only')).counts).toMatchObject({ refused: 0, keep: 2 });
  });

  test('refuses what the store cannot take, but only where it would be written', async () => {
    const refusal = ({ value }: KeyRecord) => (value?.toString() === 'huge' ? 'too large' : undefined);
    const wanted = [record('a', 'huge'), record('b', 'huge'), record('c', 'huge')];
    const there = [record('b', 'huge', '5'), record('c', 'small', '6')];
    const { items, counts } = await plan(wanted, there, 'overwrite', { refusal });
    expect(items.map(planLine)).toEqual([
      { op: 'refuse', key: 'a', seen: '0', reason: 'too large' },
      { op: 'refuse', key: 'c', seen: '6', reason: 'too large' },
    ]);
    expect(counts).toMatchObject({ refused: 2, equal: 1 });
  });

  test('writes under another prefix, and judges the key as it will be written', async () => {
    const refusal = ({ key }: KeyRecord) => (key.toString() === 'copy/b' ? 'no' : undefined);
    const { items, counts } = await plan(
      [record('app/a', '1'), record('app/b', '1'), record('app/c', '1'), record('apple', '1')],
      [record('copy/c', '1', '4'), record('copy/d', '1', '5')],
      'mirror',
      { mapKey: { from: 'app/', to: 'copy/' }, refusal },
    );
    expect(items.map((item) => `${item.op} ${item.key.toString()}`)).toEqual([
      'add copy/a',
      'refuse copy/b',
      'remove copy/d',
    ]);
    expect(counts).toEqual({ add: 1, change: 0, remove: 1, refused: 1, equal: 1, keep: 0 });
  });

  test('keys that are not UTF-8 stand in the plan as base64', async () => {
    const key = Buffer.from([0x61, 0xff]);
    const { items } = await plan([], [record(key, 'v', '9')], 'mirror');
    const [line] = items.map(planLine);
    expect(line).toEqual({ op: 'remove', keyBase64: 'Yf8=', seen: '9' });
    expect(keyOfLine(line ?? {})).toEqual(key);
  });

  test('carried out, it gives what the mode promises', async () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u00e9'), maxLength: 4 });
    const entry = fc.record({ value: fc.constantFrom('1', '2', ''), flags: fc.constantFrom('0', '1') });
    const tree = fc.dictionary(key, entry, { maxKeys: 12 });
    const sizes = fc
      .array(fc.nat(3), { minLength: 1, maxLength: 4 })
      .filter((list) => list.some((size) => size > 0));
    await fc.assert(
      fc.asyncProperty(
        tree,
        tree,
        fc.constantFrom(...modes),
        sizes,
        sizes,
        async (wanted, found, mode, one, other) => {
          const backupSource = source(recordsOf(wanted), one);
          const liveSource = source(recordsOf(found), other);
          const planning = planWrites({
            backup: backupSource.records,
            live: liveSource.records,
            mode,
            mapKey: inPlace,
            refusal: () => undefined,
          });
          const result = new Map(
            Object.entries(found).map(([name, { value, flags }]) => [name, `${value} ${flags}`]),
          );
          let previous: Buffer | undefined;
          for (const item of (await Array.fromAsync(planning.items)).flat()) {
            if (previous !== undefined) expect(Buffer.compare(previous, item.key)).toBe(-1);
            previous = item.key;
            if (item.op === 'remove') result.delete(item.key.toString());
            if ('record' in item) {
              result.set(
                item.key.toString(),
                `${String(item.record.value)} ${String(item.record.attributes.flags)}`,
              );
            }
          }
          const expected = new Map(
            Object.entries({
              ...(mode === 'mirror' ? {} : found),
              ...wanted,
              ...(mode === 'missing-only' ? found : {}),
            }).map(([name, { value, flags }]) => [name, `${value} ${flags}`]),
          );
          expect(result).toEqual(expected);
          const { add, change, remove, equal, keep } = planning.counts();
          expect(add + change + remove + equal + keep).toBe(
            new Set([...Object.keys(wanted), ...Object.keys(found)]).size,
          );
          expect([backupSource.closed(), liveSource.closed()]).toEqual([true, true]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('another prefix keeps the order of any keys', async () => {
    const bytes = fc.uint8Array({ maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(bytes), fc.string(), fc.string(), async (rests, from, to) => {
        const keys = new Map(rests.map((rest) => [Buffer.from(rest).toString('hex'), Buffer.from(rest)]));
        const records = [...keys.values()].map((rest) =>
          record(Buffer.concat([Buffer.from(from), rest]), null),
        );
        const mapped: Buffer[] = [];
        for await (const batch of mapRecords(source(records).records, { from, to })) {
          mapped.push(...batch.map(({ key }) => key));
        }
        expect(mapped).toEqual([...mapped].sort((one, other) => Buffer.compare(one, other)));
        expect(mapped).toHaveLength(keys.size);
      }),
    );
  });

  test('reads no more than a batch ahead, and closes both sources when the consumer stops', async () => {
    const many = Array.from({ length: 1000 }, (_, n) =>
      record(`key ${String(n).padStart(4, '0')}`, 'v', '1'),
    );
    const backupSource = source(many, [10]);
    const liveSource = source([], [10]);
    const { items } = planWrites({
      backup: backupSource.records,
      live: liveSource.records,
      mode: 'mirror',
      mapKey: inPlace,
      refusal: () => undefined,
    });
    let count = 0;
    for await (const batch of items) {
      expect(batch.every(({ op }) => op === 'add')).toBe(true);
      count += batch.length;
      if (count >= 25) break;
    }
    expect(backupSource.pulled()).toBe(30);
    expect([backupSource.closed(), liveSource.closed()]).toEqual([true, true]);
  });

  test('a source that fails or is out of order ends the plan, and the other one is closed', async () => {
    const unordered = { [Symbol.asyncIterator]: () => twoBatches([record('b', '1')], [record('a', '1')]) };
    for (const side of ['backup', 'live'] as const) {
      const good = source([record('a', '1'), record('z', '1')]);
      const sources = { backup: good.records, live: good.records, [side]: unordered };
      const { items } = planWrites({ ...sources, mode: 'mirror', mapKey: inPlace, refusal: () => undefined });
      const drain = async () => {
        for await (const batch of items) expect(batch.map(({ op }) => op)).not.toContain('refuse');
      };
      const code = side === 'backup' ? 'ArchiveCorrupt' : 'StreamBroken';
      await expect(drain()).rejects.toMatchObject({ code });
      expect(good.closed()).toBe(true);
    }
  });
});

async function* twoBatches(
  ...batches: readonly KeyRecord[][]
): AsyncGenerator<readonly KeyRecord[], undefined> {
  for (const batch of batches) yield await Promise.resolve(batch);
}

function recordsOf(tree: Record<string, { value: string; flags: string }>): readonly KeyRecord[] {
  return Object.entries(tree).map(([key, { value, flags }]) => record(key, value, '1', flags));
}
