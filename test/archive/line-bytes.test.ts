import fc from 'fast-check';
import { createLineReader } from '../../archive/decode-line.ts';
import { createLineWriter } from '../../archive/encode-line.ts';
import { decodeRecord, encodeFields, encodeMeta } from '../../archive/record.ts';
import { refusalOf } from '../../archive/refusal.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { anyRecord, record } from './memory.ts';

const refuse = refusalOf('mem://lines');

/** What the two fast ways have to agree with: the slow ones, which say what a line is. */
function lineOf(of: KeyRecord): string {
  return encodeFields(of) + encodeMeta(of.meta);
}

function written(records: readonly KeyRecord[]): Buffer {
  const lines = createLineWriter();
  for (const one of records) lines.add(one);
  return Buffer.from(lines.bytes.subarray(0, lines.length));
}

function read(line: Buffer): { found: KeyRecord | undefined; fields: string } {
  const reader = createLineReader();
  const found = reader.read(line, 0);
  return { found, fields: line.toString('utf8', 0, reader.fieldsEnd) };
}

test('the writer writes the lines as they are specified, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(anyRecord), (records) => {
      expect(written(records).toString()).toBe(records.map(lineOf).join(''));
    }),
  );
});

test('the writer tells where the fields of a line are, also when its memory has grown and was used again', () => {
  const lines = createLineWriter();
  lines.add(record('before', Buffer.alloc(300_000, 'x')));
  lines.take().release();
  for (const size of [1, 2_000_000, 3]) {
    const of = record(`k${size}`, Buffer.alloc(size, '"'));
    lines.add(of);
    expect(lines.bytes.toString('utf8', lines.fieldsStart, lines.fieldsEnd)).toBe(encodeFields(of));
  }
});

test('the reader reads every line as it is specified, or leaves it', () => {
  fc.assert(
    fc.property(anyRecord, (of) => {
      const line = Buffer.from(lineOf(of));
      const { found, fields } = read(line);
      if (found === undefined) return;
      expect(found).toEqual(decodeRecord(line.toString('utf8', 0, line.length - 1), refuse));
      expect(fields).toBe(encodeFields(of));
    }),
  );
});

test('the reader leaves no ordinary line', () => {
  const values = ['', 'plain', '{"a":"b\\c"}', 'tab\tline\r\n', 'für 日本 🦊', '\u2028', '/'];
  for (const value of [...values.map((text) => Buffer.from(text)), Buffer.from([0, 255]), null]) {
    const of = { ...record('a/"k"', value), meta: { createIndex: '1', lockIndex: '0', modifyIndex: '7' } };
    expect(read(written([of])).found).toEqual(of);
  }
});

test('what the line before had is taken over only where it is the same', () => {
  const reader = createLineReader();
  const records = ['1', '1', '12', '3'].map((index) => ({
    ...record(`k${index}`, 'v'),
    attributes: { flags: index },
    meta: { modifyIndex: index },
  }));
  for (const of of records) {
    const line = written([of]);
    expect(reader.read(line, 0)).toEqual(of);
  }
});

test.each([
  ['a space', '{"key": "k","flags":"0","text":"v","meta":{}}'],
  ['members in another order', '{"flags":"0","key":"k","text":"v","meta":{}}'],
  ['attributes in another order', '{"key":"k","b":"0","a":"0","text":"v","meta":{}}'],
  ['an attribute twice', '{"key":"k","a":"0","a":"1","text":"v","meta":{}}'],
  ['an attribute with the name of a field', '{"key":"k","base64":"dg==","text":"v","meta":{}}'],
  ['an escape that is not needed', '{"key":"k","text":"\\u0041","meta":{}}'],
  ['another escape that is not needed', '{"key":"k","text":"\\/","meta":{}}'],
  ['a bare control character', '{"key":"k","text":"\u0001","meta":{}}'],
  ['text as base64', '{"key":"k","base64":"dg==","meta":{}}'],
  ['base64 without padding', '{"key":"k","base64":"/w","meta":{}}'],
  ['base64 with bits that mean nothing', '{"key":"k","base64":"/x==","meta":{}}'],
  ['base64 of another alphabet', '{"key":"k","base64":"_w==","meta":{}}'],
  ['something in the base64', '{"key":"k","base64":"/w= =","meta":{}}'],
  ['a value twice', '{"key":"k","base64":"/w==","text":"v","meta":{}}'],
  ['a key of bytes', '{"keyBase64":"/w==","text":"v","meta":{}}'],
  ['a number', '{"key":"k","text":1,"meta":{}}'],
  ['no meta', '{"key":"k","text":"v"}'],
  ['something behind meta', '{"key":"k","text":"v","meta":{},"x":"y"}'],
  ['meta with a number', '{"key":"k","text":"v","meta":{"modifyIndex":7}}'],
  ['an escape in meta', '{"key":"k","text":"v","meta":{"a":"\\n"}}'],
  ['a control character in an attribute', '{"key":"k","a":"\u0001","text":"v","meta":{}}'],
  ['a control character in meta', '{"key":"k","text":"v","meta":{"a":"\u0001"}}'],
  ['a comma too many', '{"key":"k","text":"v","meta":{"a":"b",}}'],
  ['a comma too few', '{"key":"k","text":"v","meta":{"a":"b""c":"d"}}'],
  ['a list for meta', '{"key":"k","text":"v","meta":[]}'],
  ['a space at its end', '{"key":"k","text":"v","meta":{}} '],
  ['an end in meta', '{"key":"k","text":"v","meta":{"a":"b"'],
  ['an end in base64', '{"key":"k","base64":"/w='],
  ['an end in a string', '{"key":"k","text":"v'],
  ['an end in an escape', '{"key":"k","text":"v\\'],
  ['an end in the key', '{"key":"k'],
  ['an end in an attribute', '{"key":"k","a'],
  ['nothing', ''],
])('a line with %s is left to the slow way', (_, line) => {
  // What stands behind it must not be taken for a part of it.
  const bytes = Buffer.from(`${line}\n{"key":"k","flags":"0","text":"v","meta":{}}\n`);
  expect(createLineReader().read(bytes, 0)).toBeUndefined();
});
