import { compareAll, linesOf, stepOf, toLoad } from '../../activities/document-steps.ts';
import type { DocumentStore, Standing } from '../../stores/document-store.ts';
import type { IndexPlan } from '../../stores/repository-store.ts';
import type { IndexWish, PlanLine } from '../../workflows/contract/restore.ts';
import { document } from '../archive/documents/memory.ts';
import { each } from '../archive/memory.ts';

const indices: readonly IndexPlan[] = [
  { op: 'add', index: 'new', target: 'new', seen: '0' },
  { op: 'change', index: 'old', target: 'into', seen: 'uuid' },
  { op: 'refuse', index: 'no', target: 'no', seen: '0', reason: 'an alias has this name' },
];
const wish = (mode: 'missing-only' | 'overwrite'): IndexWish => ({
  ...{ indices: ['*'], into: { how: 'load', mode, pattern: '(.+)', replacement: 'into' } },
  ...{ settings: {}, keepLifecycle: false, swapAliases: false },
});
const batches = [
  { index: 'new', documents: [document('1', '{}'), document('2', '{}')] },
  { index: 'old', documents: [document('1', '{}'), document('2', '{}', 'r'), document('2', '{}', 's')] },
  { index: 'no', documents: [document('1', '{}')] },
  { index: 'old', documents: [document('3', '{}'), document('4', '{}')] },
];
const standings: Readonly<Record<string, Standing>> = {
  '1': { state: 'equal', seen: '1.1' },
  '2/r': { state: 'equal', seen: '2.1' },
  '2/s': { state: 'differs', seen: '3.1' },
  '3': { state: 'missing', seen: '0' },
  '4': { state: 'differs', seen: '5.2' },
};

/** The lines of a plan, as `compareAll` and `linesOf` make them. */
async function plan(mode: 'missing-only' | 'overwrite'): Promise<readonly PlanLine[]> {
  const asked: string[] = [];
  const compare: DocumentStore['compare'] = (index, documents) => {
    asked.push(index);
    return Promise.resolve(
      documents.map(({ id, routing }) => {
        const found = standings[routing === undefined ? id : `${id}/${routing}`];
        if (found === undefined) throw new Error(`nobody should ask for ${id}`);
        return found;
      }),
    );
  };
  const all = compareAll({ compare } as DocumentStore, indices, each(batches), new AbortController().signal);
  const lines = (await Array.fromAsync(all)).flatMap((some) => linesOf(some, wish(mode)));
  expect(asked).toEqual(['into', 'into']);
  return lines;
}

async function* inBatches(lines: readonly PlanLine[]): AsyncGenerator<readonly PlanLine[]> {
  yield await Promise.resolve([]);
  for (const line of lines) yield [line];
}

test.each([
  ['missing-only', ['equal', 'equal', 'keep', 'add', 'keep']],
  ['overwrite', ['equal', 'equal', 'change', 'add', 'change']],
] as const)('what %s does with documents that are there', (mode, steps) => {
  const found = ['1', '2/r', '2/s', '3', '4'].flatMap((name) => standings[name] ?? []);
  expect(found.map((standing) => stepOf(standing, wish(mode)))).toEqual(steps);
});

test('a line for each document that is to be written, in the order of the backup', async () => {
  expect(await plan('missing-only')).toEqual([{ op: 'add', index: 'into', key: '3', seen: '0' }]);
  expect(await plan('overwrite')).toEqual([
    { op: 'change', index: 'into', key: '2', routing: 's', seen: '3.1' },
    { op: 'add', index: 'into', key: '3', seen: '0' },
    { op: 'change', index: 'into', key: '4', seen: '5.2' },
  ]);
});

test('loaded is all of a new index, and of others what the plan names, with what it saw', async () => {
  const loads = await Array.fromAsync(toLoad(indices, inBatches(await plan('overwrite')), each(batches)));
  expect(
    loads
      .filter(({ index }) => index !== 'no')
      .map(({ index, documents }) => [index, documents.map(({ id, routing, seen }) => [id, routing, seen])]),
  ).toEqual([
    [
      'new',
      [
        ['1', undefined, undefined],
        ['2', undefined, undefined],
      ],
    ],
    ['old', [['2', 's', '3.1']]],
    [
      'old',
      [
        ['3', undefined, '0'],
        ['4', undefined, '5.2'],
      ],
    ],
  ]);
});

test('a plan that does not belong to the backup is found out', async () => {
  const [first, ...rest] = await plan('overwrite');
  const lines = inBatches([...rest, ...(first ? [first] : [])]);
  await expect(Array.fromAsync(toLoad(indices, lines, each(batches)))).rejects.toMatchObject({
    code: 'Defect',
  });
});
