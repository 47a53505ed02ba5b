import fc from 'fast-check';
import { listElements } from '../../formats/json-list.ts';
import { oldFile } from './files.ts';

async function cut(text: string, chunk = 3) {
  const elements: string[] = [];
  const cutting = listElements(oldFile(text, { chunk }).read(), (found) => new Error(found));
  for (;;) {
    const { value, done } = await cutting.next();
    if (done === true) return { elements, ...value };
    elements.push(...value.map(String));
  }
}

test('whatever the chunks, the elements are those that JSON.parse finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom('', '\t', 1),
      async (list, chunk, indent) => {
        const { elements, trailing } = await cut(JSON.stringify(list, null, indent), chunk);
        expect(elements.map((element): unknown => JSON.parse(element))).toEqual(
          JSON.parse(JSON.stringify(list)),
        );
        expect(trailing).toBe(0);
      },
    ),
  );
});

test.each([
  ['', 'is empty'],
  ['  ', 'is empty'],
  ['{}', 'is no JSON list'],
  ['[1', 'ends in the middle of its list, after 2 bytes'],
  ['["a]', 'ends in the middle of its list, after 4 bytes'],
  ['[1,]', 'has an empty place at byte 3'],
  ['[,1]', 'has an empty place at byte 1'],
  ['[1,,2]', 'has an empty place at byte 3'],
  ['[}]', 'has a bracket too many at byte 1'],
  ['\xef\xbb[1]', 'is no JSON list'],
])('%j is refused', async (text, why) => {
  await expect(cut(text)).rejects.toThrow(why);
});

test('what comes behind the list is counted, but for white space', async () => {
  expect(await cut('[1, "]"] \n')).toEqual({ elements: ['1', ' "]"'], trailing: 0 });
  expect(await cut('[1]\nue1"}]')).toEqual({ elements: ['1'], trailing: 6 });
  expect(await cut('\ufeff[1]')).toEqual({ elements: ['1'], trailing: 0 });
});
