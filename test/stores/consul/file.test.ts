import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { createFileCheck, type FileFacts } from '../../../stores/consul/file/check.ts';
import { contentOf, settledKinds, type Thing } from '../../../stores/consul/file/kinds.ts';
import { decodeAt, endOfValue } from '../../../stores/consul/file/msgpack.ts';
import { readFile } from '../../../stores/consul/file/read.ts';

/** A snapshot that a real Consul 1.22 gave. */
const golden = zstdDecompressSync(
  readFileSync(new URL('../../archive/golden/consul-1.snap.zst', import.meta.url)),
);
const archive = gunzipSync(golden);

async function check(file: Buffer, piece = file.length): Promise<FileFacts> {
  const checking = createFileCheck({}, (what) => new Error(`The file ${what}.`));
  for (let at = 0; at < file.length; at += piece) await checking.take(file.subarray(at, at + piece));
  return checking.end();
}

async function* inPieces(file: Buffer, piece: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += piece)
    yield await Promise.resolve(Buffer.from(file.subarray(at, at + piece)));
}

/** A file of the archive, changed, with everything around it right. */
function remade(change: (files: Map<string, Buffer>) => void, sums?: string): Buffer {
  const files = new Map<string, Buffer>();
  for (let at = 0; archive[at] !== 0;) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*/s, '');
    const size = parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    files.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  change(files);
  const sumOf = (name: string) =>
    `${createHash('sha256')
      .update(files.get(name) ?? '')
      .digest('hex')}  ${name}\n`;
  if (files.has('SHA256SUMS'))
    files.set('SHA256SUMS', Buffer.from(sums ?? `${sumOf('meta.json')}${sumOf('state.bin')}`));
  const blocks = [...files].flatMap(([name, bytes]) => [header(name, bytes.length), padded(bytes)]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('        0ustar\x0000', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

test('what is in it is counted, in pieces of any size', async () => {
  const facts = await check(golden);
  expect(facts).toMatchObject({
    term: '2',
    version: '1',
    id: expect.stringMatching(/^2-\d+-\d+$/) as unknown,
    counts: {
      keys: 6,
      'ACL tokens': 3,
      'ACL policies': 3,
      'ACL roles': 1,
      'config entries': 2,
      'prepared queries': 1,
      sessions: 1,
      nodes: 1,
      services: 2,
      'health checks': 2,
    },
  });
  expect(await check(golden, 7)).toEqual(facts);
  expect(await check(remade(() => undefined))).toEqual(facts);
});

test('its keys are exact: flags, empty and binary values, a lock, a value of many pieces', async () => {
  const reading = readFile(inPieces(golden, 1000), 'the file');
  const records = (await Array.fromAsync(reading.records)).flat();
  expect(records.map(({ key, attributes }) => [key.toString(), attributes['flags']])).toEqual([
    ['app/config', '0'],
    ['app/empty', '42'],
    ['app/größe', '18446744073709551615'],
    ['binary', '0'],
    ['large', '0'],
    ['lock', '0'],
  ]);
  expect(records.map(({ value }) => value?.toString('latin1'))).toEqual([
    '{"port":8080}',
    undefined,
    Buffer.from('naïve\n').toString('latin1'),
    '\x00\x01\xfe\xff',
    'x'.repeat(300_000),
    'held',
  ]);
  expect(records.at(-1)?.meta).toMatchObject({ lockIndex: '1', session: expect.any(String) as unknown });
  expect(reading.facts().counts['keys']).toBe(6);
});

const token = /^ACL tokens: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test('things are told apart by what people know them by', async () => {
  const things: Thing[] = [];
  const checking = createFileCheck({ onThing: (thing) => things.push(thing) }, (what) => new Error(what));
  await checking.take(golden);
  await checking.end();
  const settled = things.filter(({ kind }) => settledKinds.includes(kind));
  expect(settled.map(({ kind, id }) => `${kind}: ${id}`)).toEqual([
    expect.stringMatching(token) as unknown,
    expect.stringMatching(token) as unknown,
    'ACL tokens: 00000000-0000-0000-0000-000000000002',
    'ACL policies: global-management',
    'ACL policies: builtin/global-read-only',
    'ACL policies: reader',
    'ACL roles: readers',
    'prepared queries: nearest-web',
    'config entries: service-defaults/web',
    'config entries: service-intentions/web',
  ]);
  expect(new Set(settled.map(({ kind, id }) => kind + id)).size).toBe(settled.length);
  const reader = settled.find(({ id }) => id === 'reader');
  expect(reader && contentOf(reader.fields)).toContain('key_prefix');
  expect(reader && contentOf(reader.fields)).not.toContain('Index');
});

test('cut anywhere, it is no snapshot', async () => {
  for (let at = 0; at < golden.length; at += 97)
    await expect(check(golden.subarray(0, at))).rejects.toThrow();
});

test('a byte of what is in it that is another: refused', async () => {
  // What stands before the compressed data (a time, a system) and its unused bits are not of the snapshot.
  for (let at = 10; at < golden.length - 8; at += 41) {
    const damaged = Buffer.from(golden);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0xff, at);
    await expect(check(damaged).then(() => at)).rejects.toThrow();
  }
});

test.each([
  ['no gzip', Buffer.from('not a snapshot at all'), 'cannot be decompressed'],
  ['no tar', gzipSync(Buffer.alloc(600, 1)), 'is damaged in the header of a file'],
  ['bytes behind it', Buffer.concat([golden, Buffer.alloc(10)]), '10 bytes behind its end'],
  [
    'a state that is another',
    remade(() => undefined, `${'0'.repeat(64)}  meta.json\n`),
    'its SHA256SUMS says',
  ],
  ['no sums', remade((files) => files.delete('SHA256SUMS')), 'holds no SHA256SUMS'],
  ['no state', remade((files) => files.delete('state.bin')), 'holds no state.bin'],
  ['another file', remade((files) => files.set('more', Buffer.alloc(3))), 'holds "more" unexpectedly'],
  [
    'a state of another size',
    remade((files) => files.set('state.bin', (files.get('state.bin') ?? golden).subarray(0, -1))),
    'ends in the middle of a message',
  ],
  [
    'a state that is none',
    remade((files) => files.set('state.bin', Buffer.from([0x80, 2, 0xc1]))),
    'is not what Consul writes',
  ],
])('a file with %s is refused', async (_, file, why) => {
  await expect(check(file)).rejects.toThrow(why);
});

test('MessagePack: every type is passed over and read to its end, also where it is cut', () => {
  const values: readonly (readonly [Buffer, unknown])[] = [
    [Buffer.from([0x7f]), 127],
    [Buffer.from([0xe0]), -32],
    [Buffer.from([0xc0]), null],
    [Buffer.from([0xc2]), false],
    [Buffer.from([0xc3]), true],
    [Buffer.from([0xcc, 200]), 200],
    [Buffer.from([0xcd, 1, 0]), 256],
    [Buffer.from([0xce, 0, 1, 0, 0]), 65_536],
    [Buffer.from('cfffffffffffffffff', 'hex'), 18_446_744_073_709_551_615n],
    [Buffer.from([0xd0, 0x80]), -128],
    [Buffer.from([0xd1, 0x80, 0]), -32_768],
    [Buffer.from([0xd2, 0x80, 0, 0, 0]), -2_147_483_648],
    [Buffer.from('d38000000000000000', 'hex'), -9_223_372_036_854_775_808n],
    [Buffer.from('ca3fc00000', 'hex'), 1.5],
    [Buffer.from('cb3ff8000000000000', 'hex'), 1.5],
    [Buffer.from([0xa2, 0x61, 0x62]), Buffer.from('ab')],
    [Buffer.from([0xd9, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xda, 0, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xdb, 0, 0, 0, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xc4, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xc5, 0, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xc6, 0, 0, 0, 1, 0x61]), Buffer.from('a')],
    [Buffer.from([0xd4, 5, 0x61]), Buffer.from('a')],
    [Buffer.from([0xc7, 1, 5, 0x61]), Buffer.from('a')],
    [Buffer.from([0x92, 1, 2]), [1, 2]],
    [Buffer.from([0xdc, 0, 1, 7]), [7]],
    [Buffer.from([0xdd, 0, 0, 0, 1, 7]), [7]],
    [Buffer.from([0x81, 0xa1, 0x61, 0x91, 3]), { fields: new Map([['a', [3]]]) }],
    [Buffer.from([0xde, 0, 1, 0xa1, 0x61, 3]), { fields: new Map([['a', 3]]) }],
    [Buffer.from([0xdf, 0, 0, 0, 1, 0xa1, 0x61, 3]), { fields: new Map([['a', 3]]) }],
  ];
  for (const [bytes, value] of values) {
    expect([bytes, endOfValue(bytes, 0)]).toEqual([bytes, bytes.length]);
    expect(decodeAt(bytes, 0)).toEqual([value, bytes.length]);
    for (let at = 0; at < bytes.length; at++) {
      const needed = -endOfValue(bytes.subarray(0, at), 0);
      expect(needed).toBeGreaterThan(at);
      expect(needed).toBeLessThanOrEqual(bytes.length);
      expect(() => decodeAt(bytes.subarray(0, at), 0)).toThrow('cut off');
    }
  }
  expect(() => endOfValue(Buffer.from([0xc1]), 0)).toThrow('no type 0xc1');
});
