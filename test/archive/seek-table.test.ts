import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decompressFrame, compressFrame } from '../../archive/frames.ts';
import { readLines } from '../../archive/reader.ts';
import { refusalOf } from '../../archive/refusal.ts';
import { encodeSeekTable, parseSeekTable, seekTableSize } from '../../archive/seek-table.ts';
import { inMemory } from './memory.ts';

const address = 's3://bucket/x';
const refuse = refusalOf(address);
const corrupt = expect.objectContaining({ code: 'ArchiveCorrupt' }) as Error;

const entries = [
  { bytes: 100, plainBytes: 1000, checksum: 0xdeadbeef },
  { bytes: 50, plainBytes: 2000, checksum: 1 },
];
const table = encodeSeekTable(entries);

test('a table is a skippable frame of zstd, byte by byte', () => {
  expect(table.toString('hex')).toBe(
    '5e2a4d18' +
      '21000000' +
      '64000000e8030000efbeadde' +
      '32000000d007000001000000' +
      '02000000' +
      '80' +
      'b1ea928f',
  );
  expect(zstdDecompressSync(Buffer.concat([zstdCompressSync('x'), table])).toString()).toBe('x');
});

test('a table is read back with the place of every frame', () => {
  expect(seekTableSize(table.subarray(-9), 150 + table.length, refuse)).toBe(table.length);
  expect(parseSeekTable(table, 150 + table.length, 3000, refuse).frames).toEqual([
    { start: 0, end: 100, ...entries[0] },
    { start: 100, end: 150, ...entries[1] },
  ]);
});

test('a table that does not fit the object is refused', () => {
  expect(() => parseSeekTable(table, 151 + table.length, 3000, refuse)).toThrow(corrupt);
  expect(() => parseSeekTable(table, 150 + table.length, 3001, refuse)).toThrow(corrupt);
});

test('absurd counts and sizes are refused before anything is allocated for them', () => {
  const footer = Buffer.from(table.subarray(-9));
  footer.writeUInt32LE(0xffffffff, 0);
  expect(() => seekTableSize(footer, 1_000_000, refuse)).toThrow(corrupt);
  for (const plainBytes of [0, 64 * 1024 * 1024 + 1, 0xffffffff]) {
    const absurd = encodeSeekTable([{ bytes: 100, plainBytes, checksum: 0 }]);
    expect(() => parseSeekTable(absurd, 100 + absurd.length, undefined, refuse)).toThrow(corrupt);
  }
});

test('a table of another kind is refused', () => {
  for (const [at, byte] of [
    [4, 0x00],
    [4, 0x81],
    [8, 0x00],
  ] as const) {
    const footer = Buffer.from(table.subarray(-9));
    footer.writeUInt8(byte, at);
    expect(() => seekTableSize(footer, 1_000_000, refuse)).toThrow(corrupt);
  }
});

test('a frame holds its content size and its checksum', async () => {
  const plain = Buffer.from('{"key":"a"}\n'.repeat(100));
  const { data, checksum } = await compressFrame(plain);
  expect(data.subarray(0, 4).toString('hex')).toBe('28b52ffd');
  // Single segment, two bytes of content size (less 256), checksum, no dictionary.
  expect(data.readUInt8(4)).toBe(0b0110_0100);
  expect(data.readUInt16LE(5) + 256).toBe(plain.length);
  expect(data.readUInt32LE(data.length - 4)).toBe(checksum);
});

test('a frame that would grow beyond its entry is refused', async () => {
  const { data, ...entry } = await compressFrame(Buffer.alloc(10_000_000));
  for (const plainBytes of [1, 100, 9_999_999, 10_000_001]) {
    await expect(decompressFrame(data, { ...entry, plainBytes }, refuse)).rejects.toThrow(corrupt);
  }
});

test('a frame without a checksum of its own is refused', async () => {
  const data = zstdCompressSync('{"key":"a"}\n', { pledgedSrcSize: 12 });
  const checksum = data.readUInt32LE(data.length - 4);
  await expect(
    decompressFrame(data, { bytes: data.length, plainBytes: 12, checksum }, refuse),
  ).rejects.toThrow(corrupt);
});

test('plain bytes that are not lines of UTF-8 reach nobody as records', async () => {
  const { data, ...entry } = await compressFrame(Buffer.from([0xff, 0x0a]));
  const bytes = Buffer.concat([data, encodeSeekTable([entry])]);
  const facts = { compression: 'zstd', encryption: 'none', storedBytes: bytes.length } as const;
  const lines = readLines(inMemory(bytes).source, facts, { identities: [], address });
  expect(await Array.fromAsync(lines)).toHaveLength(1);
});
