import fc from 'fast-check';
import { decodeRecord, encodeFields, encodeMeta } from '../../archive/record.ts';
import { refusalOf } from '../../archive/refusal.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { anyBytes, anyRecord, record } from './memory.ts';

const refuse = refusalOf('mem://records');

function lineOf(of: KeyRecord): string {
  return encodeFields(of) + encodeMeta(of.meta);
}

function decode(line: string): KeyRecord {
  return decodeRecord(line, refuse);
}

test('a line has the restorable fields first and meta last', () => {
  const of = { ...record('app/x', 'hello'), meta: { createIndex: '12', modifyIndex: '15' } };
  expect(lineOf(of)).toBe(
    '{"key":"app/x","flags":"0","text":"hello","meta":{"createIndex":"12","modifyIndex":"15"}}\n',
  );
});

test('attributes and meta are sorted by name, in whatever order they come', () => {
  const of = { ...record('k', null), attributes: { b: '1', a: '2' }, meta: { z: '3', '10': '4', '9': '5' } };
  expect(lineOf(of)).toBe('{"key":"k","a":"2","b":"1","text":null,"meta":{"10":"4","9":"5","z":"3"}}\n');
});

test('what is not UTF-8 is base64', () => {
  expect(lineOf(record(Buffer.from([0xff]), Buffer.from([0xc3, 0x28])))).toBe(
    '{"keyBase64":"/w==","flags":"0","base64":"wyg=","meta":{"modifyIndex":"7"}}\n',
  );
});

test('every record comes back exactly', () => {
  fc.assert(
    fc.property(anyRecord, (of) => {
      const line = lineOf(of);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const back = decode(line.slice(0, -1));
      expect(back.key.equals(of.key)).toBe(true);
      expect(back.value === null ? null : back.value.toString('hex')).toBe(of.value?.toString('hex') ?? null);
      expect(Object.entries(back.attributes).sort()).toEqual(Object.entries(of.attributes).sort());
      expect(Object.entries(back.meta).sort()).toEqual(Object.entries(of.meta).sort());
      expect(lineOf(back)).toBe(line);
    }),
    { numRuns: 200 },
  );
});

test('every single byte and every Unicode text comes back, as text where it is UTF-8', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    const value = Buffer.from([byte]);
    expect(decode(lineOf(record('k', value)).slice(0, -1)).value).toEqual(value);
  }
  fc.assert(
    fc.property(anyBytes, (value) => {
      const line = lineOf(record('k', value));
      const isText = Buffer.from(value.toString()).equals(value);
      expect(line.includes('"text":')).toBe(isText);
    }),
  );
});

test('an attribute named __proto__ changes no prototype', () => {
  const back = decode('{"key":"k","__proto__":"x","text":"v","meta":{"__proto__":"y"}}');
  expect(Object.getPrototypeOf(back.attributes)).toBe(Object.prototype);
  expect(Object.entries(back.attributes)).toEqual([['__proto__', 'x']]);
  expect(Object.entries(back.meta)).toEqual([['__proto__', 'y']]);
});

test('an attribute cannot take the name of a field', () => {
  expect(() => encodeFields({ ...record('k', 'v'), attributes: { text: 'x' } })).toThrow(
    expect.objectContaining({ code: 'Defect' }) as Error,
  );
});

test.each([
  ['no JSON', '{"key":"k"'],
  ['an array', '["key","k"]'],
  ['null', 'null'],
  ['no key', '{"text":"v","meta":{}}'],
  ['two keys', '{"key":"k","keyBase64":"aw==","text":"v","meta":{}}'],
  ['no value', '{"key":"k","meta":{}}'],
  ['two values', '{"key":"k","text":"v","base64":"dg==","meta":{}}'],
  ['null beside base64', '{"key":"k","text":null,"base64":"dg==","meta":{}}'],
  ['a key that is a number', '{"key":1,"text":"v","meta":{}}'],
  ['an attribute that is a number', '{"key":"k","flags":0,"text":"v","meta":{}}'],
  ['no meta', '{"key":"k","text":"v"}'],
  ['meta with a number', '{"key":"k","text":"v","meta":{"modifyIndex":7}}'],
  ['sloppy base64', '{"key":"k","base64":"dg=","meta":{}}'],
  ['a lone surrogate', '{"key":"k","text":"\\ud800","meta":{}}'],
])('a line with %s is refused', (_, line) => {
  expect(() => decode(line)).toThrow(
    expect.objectContaining({
      code: 'ArchiveCorrupt',
      message: expect.stringContaining('mem://records') as string,
    }) as Error,
  );
});
