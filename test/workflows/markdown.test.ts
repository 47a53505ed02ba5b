import { code, count, prose, size, table, time } from '../../workflows/markdown.ts';

test('a key cannot break out of its code span or its table cell', () => {
  expect(code('a`b|c\nd"e')).toBe('`a\'b\\|c\\nd"e`');
  expect(code('')).toBe('`(empty)`');
  expect(code('k'.repeat(200))).toBe(`\`${'k'.repeat(120)}…\``);
});

test('a sentence cannot break a table or bring HTML', () => {
  expect(prose('a\n| b\t<img>')).toBe('a \\| b \\<img>');
});

test('of a sentence only code spans are Markdown', () => {
  expect(prose('set `allow_empty: true` for `a|b`')).toBe('set `allow_empty: true` for `a\\|b`');
  expect(prose('key __proto__, [a](b), *c*, odd `')).toBe(
    'key \\_\\_proto\\_\\_, \\[a\\](b), \\*c\\*, odd \\`',
  );
});

test('times without parts of a second', () => {
  expect(time('2026-11-22T04:15:00.123Z')).toBe('2026-11-22 04:15:00 UTC');
  expect(time('2026-11-22T04:15:00Z')).toBe('2026-11-22 04:15:00 UTC');
});

test('tables, numbers and sizes', () => {
  expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  expect([0, 999, 1000, 1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 1023, 1536, 5 * 1024 ** 4].map(size)).toEqual(['0 B', '1.02 kB', '1.54 kB', '5.50 TB']);
});
