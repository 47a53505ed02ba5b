import { zstdCompressSync } from 'node:zlib';
import { objectsOf } from '../../bench/etcd-data.ts';
import { sizeOf } from '../../bench/tree.ts';

const records = [...objectsOf(4_000_000)].flat();

test('objects are as many bytes as asked for, and the same every time', () => {
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
  expect(bytes).toBeGreaterThanOrEqual(4_000_000);
  expect(bytes).toBeLessThan(4_010_000);
  expect(new Set(records.map(({ key }) => key.toString())).size).toBe(records.length);
  const again = [...objectsOf(4_000_000)].flat();
  expect(again.every(({ value }, index) => value?.equals(records[index]?.value ?? Buffer.alloc(0)))).toBe(
    true,
  );
});

test('values have 0.3 to 8 KiB, and compress to about a half', () => {
  const values = records.map(({ value }) => value ?? Buffer.alloc(0));
  const lengths = values.map(({ length }) => length);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(300);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(8192);
  const whole = Buffer.concat(values);
  const ratio = zstdCompressSync(whole).length / whole.length;
  expect(ratio).toBeGreaterThan(0.35);
  expect(ratio).toBeLessThan(0.65);
});
