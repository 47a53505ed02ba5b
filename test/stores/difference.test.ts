import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareRecords, type Side } from '../../stores/difference.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { lent } from '../lent.ts';
import { record, source } from './records.ts';

function side(records: readonly KeyRecord[], sizes?: readonly number[]): Side {
  return { records: lent(source(records, sizes).records), source: 'A side', disorder: 'StreamBroken' };
}

async function compared(before: Side, after: Side, prefix = '') {
  const { differences, counts } = compareRecords(before, after, prefix);
  const lines: string[] = [];
  for await (const batch of differences) {
    for (const difference of batch) {
      const { key } = difference.op === 'removed' ? difference.before : difference.after;
      const old = difference.op === 'added' ? '' : (difference.before.value ?? '').toString();
      const now = difference.op === 'removed' ? '' : (difference.after.value ?? '').toString();
      lines.push(`${difference.op} ${key.toString()} ${old}→${now}`);
    }
  }
  return { lines, counts: counts() };
}

describe('two sides', () => {
  test('are compared by value and attributes, in the order of the keys', async () => {
    const before = [
      record('a', '1'),
      record('b', 'old'),
      record('c', 'same', '3'),
      record('e', 'x', '0', '1'),
    ];
    const after = [
      record('b', 'new'),
      record('c', 'same', '9'),
      record('d', 'more'),
      record('e', 'x', '0', '2'),
    ];
    expect(await compared(side(before), side(after))).toEqual({
      lines: ['removed a 1→', 'changed b old→new', 'added d →more', 'changed e x→x'],
      counts: { added: 1, changed: 2, removed: 1, equal: 1 },
    });
  });

  test('are compared under a prefix alone', async () => {
    const before = [record('app', '1'), record('app/a', '1'), record('apple', '1')];
    const found = await compared(side(before), side([record('app/b', '2')]), 'app/');
    expect(found.lines).toEqual(['removed app/a 1→', 'added app/b →2']);
  });

  test('differ as their maps do, however they are cut into batches', async () => {
    const records = fc
      .dictionary(
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 }),
        fc.constantFrom('x', 'y'),
      )
      .map((entries) => new Map(Object.entries(entries)));
    const sizes = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }).map((some) => [...some, 1]);
    await fc.assert(
      fc.asyncProperty(records, records, sizes, sizes, async (before, after, some, others) => {
        const toRecords = (map: ReadonlyMap<string, string>): KeyRecord[] =>
          [...map].map(([key, value]) => record(key, value));
        const { lines, counts } = await compared(
          side(toRecords(before), some),
          side(toRecords(after), others),
        );
        const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
        const expected = keys.flatMap((key) => {
          const [old, now] = [before.get(key), after.get(key)];
          if (old === now) return [];
          const op = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
          return [`${op} ${key} ${old ?? ''}→${now ?? ''}`];
        });
        expect(lines).toEqual(expected);
        expect(counts.equal).toBe(keys.length - expected.length);
      }),
    );
  });

  test('out of order are refused, and the other one is closed', async () => {
    const given = source([record('a', '1')]);
    const disordered = (async function* () {
      await Promise.resolve();
      yield [record('b', '1'), record('a', '1')];
    })();
    const wrong: Side = { records: disordered, source: 'Backup X', disorder: 'ArchiveCorrupt' };
    const right: Side = { records: given.records, source: 'A side', disorder: 'StreamBroken' };
    await expect(compared(wrong, right)).rejects.toMatchObject({
      code: 'ArchiveCorrupt',
      message: expect.stringContaining('Backup X'),
    });
    expect(given.closed()).toBe(true);
  });
});
