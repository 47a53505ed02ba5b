import { digestOfJson, parseExactly } from '../../../stores/elasticsearch/exact-json.ts';

test('every digit stays, wherever the number stands', () => {
  const text = '{"long":9223372036854775807,"deep":[{"double":1.10,"huge":1e400}],"__proto__":{"n":-0}}';
  expect(JSON.stringify(parseExactly(text))).toBe(text);
});

test('a digest tells numbers apart that doubles cannot, and not white space', () => {
  const digest = (text: string) => digestOfJson(parseExactly(text));
  expect(digest('{"n":9007199254740993}')).not.toBe(digest('{"n":9007199254740992}'));
  expect(digest('{ "n" : 1 }\n')).toBe(digest('{"n":1}'));
});
