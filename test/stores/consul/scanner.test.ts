import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createScanner, type Scanned, type Scanner } from '../../../stores/consul/scanner.ts';
import type { KeyRecord } from '../../../workflows/contract/record.ts';
import { kept } from '../../lent.ts';

const all = Buffer.alloc(0);

/** Scans a document given in these pieces, with so little room that each piece is scanned before the next one. */
function scan(pieces: readonly Buffer[], prefix = all): readonly KeyRecord[] {
  const scanner = createScanner('Consul at http://test', prefix, 1);
  const records = recordsOf(scanner, pieces);
  expect(scanner.replaced.count).toBe(0);
  return records;
}

/** All records, copied before the memory that they came with is freed. */
function recordsOf(scanner: Scanner, pieces: readonly Buffer[]): readonly KeyRecord[] {
  const found: KeyRecord[] = [];
  const take = ({ records, memory }: Scanned) => {
    found.push(...kept(records));
    memory.buffer.transfer(0);
  };
  for (const piece of pieces) {
    const scanned = scanner.push(piece);
    if (scanned !== undefined) take(scanned);
  }
  take(scanner.end());
  return found;
}

const hostileDocument = Buffer.from(
  String.raw` [
  {"LockIndex":0,"Key":"plain","Flags":0,"Value":"eA==","CreateIndex":7,"ModifyIndex":9},
{"LockIndex":18446744073709551615,"Key":"sl\/ash\"quote\\\u0000\ud83d\ude00\u003c","Flags":18446744073709551615,` +
    String.raw`"Value":null,"Session":"adf4238a-\u0031","CreateIndex":9007199254740993,"ModifyIndex":9007199254740991},` +
    String.raw`{ "Namespace" : "def\"ault" , "Unknown":{"a":[1,{"b":"]}"},null,true,false]}, "Key":"},{\"Key\":",` +
    String.raw`"Value":"" , "Flags":1,"LockIndex":0,"CreateIndex":1,"ModifyIndex":1,"More":12},` +
    String.raw`{"LockIndex":0,"Key":"good` +
    '\ufffd\u2713\u{1f600}' +
    String.raw`","Flags":0,"Value":"` +
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64') +
    String.raw`","CreateIndex":1,"ModifyIndex":1}` +
    '\n]\r\n',
);

const hostileRecords = [
  {
    key: 'plain',
    value: 'x',
    attributes: { flags: '0' },
    meta: { createIndex: '7', modifyIndex: '9', lockIndex: '0' },
  },
  {
    key: 'sl/ash"quote\\\0\u{1f600}<',
    value: null,
    attributes: { flags: '18446744073709551615' },
    meta: {
      createIndex: '9007199254740993',
      modifyIndex: '9007199254740991',
      lockIndex: '18446744073709551615',
      session: 'adf4238a-1',
    },
  },
  {
    key: '},{"Key":',
    value: '',
    attributes: { flags: '1' },
    meta: { createIndex: '1', modifyIndex: '1', lockIndex: '0' },
  },
  {
    key: 'good\ufffd\u2713\u{1f600}',
    value: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1'),
    attributes: { flags: '0' },
    meta: { createIndex: '1', modifyIndex: '1', lockIndex: '0' },
  },
];

const readable = (records: readonly KeyRecord[]) =>
  records.map((record) => ({
    ...record,
    key: record.key.toString(),
    value: record.value === null ? null : record.value.toString('latin1'),
  }));

describe('the scanner of ?recurse', () => {
  test('gives every record exactly, wherever the answer is cut', () => {
    expect(readable(scan([hostileDocument]))).toEqual(hostileRecords);
    for (let at = 0; at <= hostileDocument.length; at++) {
      const pieces = [hostileDocument.subarray(0, at), hostileDocument.subarray(at)];
      expect(readable(scan(pieces))).toEqual(hostileRecords);
    }
    expect(readable(scan(Array.from(hostileDocument, (byte) => Buffer.from([byte]))))).toEqual(
      hostileRecords,
    );
  });

  test('an answer that is cut short never ends quietly', () => {
    const whole = hostileDocument.toString().trimEnd().length;
    const bytes = Buffer.byteLength(hostileDocument.toString().trimEnd());
    expect(whole).toBeLessThan(bytes);
    for (let length = 0; length < bytes; length++) {
      expect(() => scan([hostileDocument.subarray(0, length)])).toThrow(
        expect.objectContaining({ code: 'StreamBroken' }),
      );
    }
  });

  test('a byte lost or replaced is no crash and no endless loop', () => {
    for (let at = 0; at < hostileDocument.length; at++) {
      const lost = Buffer.concat([hostileDocument.subarray(0, at), hostileDocument.subarray(at + 1)]);
      const other = Buffer.from(hostileDocument);
      other[at] = 0x21;
      for (const document of [lost, other]) {
        try {
          const scanner = createScanner('Consul at http://test', all);
          scanner.push(document);
          scanner.end();
        } catch (error) {
          expect(error).toMatchObject({ code: 'StreamBroken' });
        }
      }
    }
  });

  test.each([
    ['no array', '{}'],
    ['something after the end', '[] []'],
    ['text', 'No cluster leader'],
    ['a missing comma', '[{"Key":"a"}{"Key":"b"}]'],
    [
      'a trailing comma',
      '[{"LockIndex":0,"Key":"a","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1},]',
    ],
    ['a missing field', '[{"LockIndex":0,"Key":"a","Flags":0,"CreateIndex":1,"ModifyIndex":1}]'],
    ['an empty object', '[{}]'],
    ['a fraction', '[{"LockIndex":0,"Key":"a","Flags":1.5,"Value":null,"CreateIndex":1,"ModifyIndex":1}]'],
    [
      'a negative number',
      '[{"LockIndex":0,"Key":"a","Flags":-1,"Value":null,"CreateIndex":1,"ModifyIndex":1}]',
    ],
    ['an exponent', '[{"LockIndex":0,"Key":"a","Flags":1e3,"Value":null,"CreateIndex":1,"ModifyIndex":1}]'],
    ['a leading zero', '[{"LockIndex":0,"Key":"a","Flags":01,"Value":null,"CreateIndex":1,"ModifyIndex":1}]'],
    [
      'text for a number',
      '[{"LockIndex":0,"Key":"a","Flags":"1","Value":null,"CreateIndex":1,"ModifyIndex":1}]',
    ],
    ['short base64', '[{"LockIndex":0,"Key":"a","Flags":0,"Value":"eA=","CreateIndex":1,"ModifyIndex":1}]'],
    ['wrong base64', '[{"LockIndex":0,"Key":"a","Flags":0,"Value":"e!==","CreateIndex":1,"ModifyIndex":1}]'],
    [
      'padding inside',
      '[{"LockIndex":0,"Key":"a","Flags":0,"Value":"e===","CreateIndex":1,"ModifyIndex":1}]',
    ],
    ['null for a key', '[{"LockIndex":0,"Key":null,"Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}]'],
  ])('refuses %s', (_, document) => {
    expect(() => scan([Buffer.from(document)])).toThrow(expect.objectContaining({ code: 'StreamBroken' }));
  });

  test('an empty array has no records', () => {
    expect(scan([Buffer.from('[]')])).toEqual([]);
    expect(scan([Buffer.from(' ['), Buffer.from('\n] ')])).toEqual([]);
  });

  test('passes over keys that do not start with the prefix', () => {
    const keys = scan([hostileDocument], Buffer.from('pl')).map(({ key }) => key.toString());
    expect(keys).toEqual(['plain']);
  });

  test('tells a replaced byte from a U+FFFD that stands in the key', () => {
    const entry = (key: string) =>
      `{"LockIndex":0,"Key":"${key}","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":1}`;
    const keys = ['a\\ufffdb', '\\uFFFD', 'c\\\\ufffd', 'd\ufffd', '\\\\\\ufffd', 'e\\u00e9', 'f\\ud800'];
    const scanner = createScanner('Consul at http://test', all);
    const records = recordsOf(scanner, [Buffer.from(`[${keys.map(entry).join(',')}]`)]);
    expect(records.map(({ key }) => key.toString())).toEqual(['c\\ufffd', 'd\ufffd', 'e\u00e9']);
    expect(scanner.replaced.count).toBe(4);
    expect(scanner.replaced.examples.map((key) => key.toWellFormed())).toEqual([
      'a\ufffdb',
      '\ufffd',
      '\\\ufffd',
      'f\ufffd',
    ]);
  });

  test('agrees with JSON.parse on any list, cut anywhere', () => {
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const entry = fc.record({
      key: fc.string({ unit: 'binary', maxLength: 40 }).filter((key) => !key.includes('\ufffd')),
      value: fc.option(fc.uint8Array({ maxLength: 300 })),
      flags: uint64,
      modifyIndex: uint64,
      session: fc.option(fc.uuid()),
    });
    const list = fc.array(entry, { maxLength: 12 });
    fc.assert(
      fc.property(list, fc.array(fc.nat(2000), { maxLength: 6 }), fc.boolean(), (entries, cuts, spaced) => {
        const gap = spaced ? ' \n' : '';
        const objects = entries.map(({ key, value, flags, modifyIndex, session }) => {
          const base64 = value === null ? 'null' : JSON.stringify(Buffer.from(value).toString('base64'));
          const fields = [
            `"LockIndex":${gap}0`,
            `"Key":${gap}${JSON.stringify(key)}`,
            `"Flags":${gap}${flags}`,
            `"Value":${gap}${base64}`,
            ...(session === null ? [] : [`"Session":${gap}${JSON.stringify(session)}`]),
            `"CreateIndex":${gap}1`,
            `"ModifyIndex":${gap}${modifyIndex}`,
          ];
          return `{${fields.join(`,${gap}`)}${gap}}`;
        });
        const document = Buffer.from(`[${objects.join(`${gap},`)}]`);
        const places = [0, ...cuts.map((cut) => cut % (document.length + 1)), document.length].sort(
          (a, b) => a - b,
        );
        const pieces = places.slice(1).map((place, index) => document.subarray(places[index], place));
        expect(readable(scan(pieces))).toEqual(
          entries.map(({ key, value, flags, modifyIndex, session }) => ({
            key,
            value: value === null ? null : Buffer.from(value).toString('latin1'),
            attributes: { flags: String(flags) },
            meta: {
              createIndex: '1',
              modifyIndex: String(modifyIndex),
              lockIndex: '0',
              ...(session === null ? {} : { session }),
            },
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('takes large values in small pieces without going over them again and again', () => {
    const value = Buffer.alloc(12_000_000, 'abc');
    const document = Buffer.from(
      `[{"LockIndex":0,"Key":"large","Flags":0,"Value":"${value.toString('base64')}","CreateIndex":1,"ModifyIndex":1}]`,
    );
    const pieces: Buffer[] = [];
    for (let at = 0; at < document.length; at += 1000) pieces.push(document.subarray(at, at + 1000));
    expect(scan(pieces)[0]?.value?.equals(value)).toBe(true);
  });
});
