import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** docs/compatibility.md promises: each capability has a test that names its number, or a word why not. */
const root = resolve(import.meta.dirname, '../..');
const entries = readFileSync(join(root, 'docs/compatibility.md'), 'utf8')
  .split(/\n(?=- )/)
  .flatMap((text) => {
    const [, numbers] = /^- \*\*([\d, –]+)\*\* /.exec(text) ?? [];
    return numbers === undefined ? [] : [{ text, numbers: numbersOf(numbers) }];
  });

/** `34, 37–39` → 34, 37, 38, 39. */
function numbersOf(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('–').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Paths of the test files that an entry names; a bare name is in the folder of the path before it. */
function filesOf(text: string): readonly string[] {
  const [, tests = ''] = text.split('Tests: ');
  let folder = '';
  return [...tests.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].flatMap(([, name = '']) => {
    const path = name.startsWith('test/') ? name : join(folder, name);
    folder = path.endsWith('/') ? path : dirname(path);
    if (!path.endsWith('/')) return [path];
    const found = readdirSync(join(root, path), { recursive: true, encoding: 'utf8' });
    return found.filter((file) => file.endsWith('.ts')).map((file) => join(path, file));
  });
}

/** The numbers that the names of a file's tests begin with. */
function namedIn(file: string): ReadonlySet<number> {
  const names = readFileSync(join(root, file), 'utf8').matchAll(/['"`](?:checklist )?(\d+(?:, \d+)*): /g);
  return new Set([...names].flatMap(([, list = '']) => numbersOf(list)));
}

test('every capability from 1 to 65 stands once in docs/compatibility.md', () => {
  const all = entries.flatMap(({ numbers }) => numbers).sort((one, other) => one - other);
  expect(all).toEqual(Array.from({ length: 65 }, (_, index) => index + 1));
});

test.each(entries.flatMap(({ text, numbers }) => numbers.map((number) => ({ number, text }))))(
  '$number has a test that names it, or a line that says why not',
  ({ number, text }) => {
    const naming = filesOf(text).filter((file) => namedIn(file).has(number));
    if (text.includes('Tests: ')) expect(naming).not.toEqual([]);
    else expect(text).toMatch(/: \w/);
  },
);
