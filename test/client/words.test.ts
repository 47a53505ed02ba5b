import { bytes, counted, duration } from '../../client/format.ts';
import { createProgressLine } from '../../client/progress.ts';
import { parseStorageAddress } from '../../client/storage-address.ts';
import { table } from '../../client/table.ts';
import { visible } from '../../client/visible.ts';
import { paint } from '../../client/output.ts';
import type { Progress } from '../../workflows/contract/backup.ts';
import { fakeIo } from './fake-io.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [1234, '1.23 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [10_000_000, '10 MB'],
  [1_550_000_000, '1.55 GB'],
])('%d bytes: %s', (count, expected) => expect(bytes(count)).toBe(expected));

test.each([
  [0, '0s'],
  [59_400, '59s'],
  [60_000, '1m'],
  [200_000, '3m 20s'],
  [7_500_000, '2h 5m'],
  [47 * 3_600_000, '47h'],
  [50 * 3_600_000, '2d 2h'],
])('%d ms: %s', (milliseconds, expected) => expect(duration(milliseconds)).toBe(expected));

test('counts have their word', () => {
  expect([counted(1, 'key'), counted(0, 'key'), counted(12_345, 'entry', 'entries')]).toEqual([
    '1 key',
    '0 keys',
    '12,345 entries',
  ]);
});

test('tables are aligned', () => {
  expect(
    table([{ title: 'A' }, { title: 'COUNT', align: 'right' }, { title: 'B' }], [['long', '1', 'x'], ['s']]),
  ).toEqual(['A     COUNT  B', 'long      1  x', 's']);
});

test.each([
  ['app/x', 'app/x'],
  ['größe ✓', 'größe ✓'],
  ['', '""'],
  [' x', '" x"'],
  ['a"b', '"a\\"b"'],
  ['a\nb', '"a\\nb"'],
  ['\u001b[31m', '"\\u001b[31m"'],
  ['\u009b', '"\\u009b"'],
  ['\u202e', '"\\u202e"'],
  ['\u{e0001}', '"\\udb40\\udc01"'],
])('visible %j', (text, expected) => expect(visible(text)).toBe(expected));

describe('addresses of storages', () => {
  test.each([
    ['s3://bucket', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/a/b/', { bucket: 'bucket', prefix: 'a/b' }],
    [
      's3://my.bucket/p?endpoint=http://127.0.0.1:7070&region=us-east-1&path_style=true&checksums=when_required',
      {
        ...{ bucket: 'my.bucket', prefix: 'p', endpoint: 'http://127.0.0.1:7070', region: 'us-east-1' },
        ...{ pathStyle: true, checksums: 'when-required' },
      },
    ],
  ])('%s', (address, s3) => expect(parseStorageAddress(address)).toMatchObject({ kind: 's3', s3 }));

  test('file:///var/my%20backups', () => {
    expect(parseStorageAddress('file:///var/my%20backups')).toEqual({
      kind: 'directory',
      directory: { path: '/var/my backups' },
    });
  });

  test.each([
    ['backups', 'expected s3://bucket/prefix or file:///directory'],
    ['s3:///prefix', 'expected s3://bucket/prefix or file:///directory'],
    ['file://host/dir', 'expected file:///directory, with three slashes'],
    ['https://bucket', 'expected s3://bucket/prefix or file:///directory'],
    ['s3://b-1?pathstyle=true', 'unknown parameter "pathstyle"; did you mean path_style?'],
    ['s3://b-1?path_style=1', 'path_style: expected `true` or `false`'],
    [
      's3://b-1?colour=1',
      'unknown parameter "colour"; expected endpoint, region, path_style, checksums, profile',
    ],
    [
      's3://b-1?endpoint=x',
      'endpoint: expected the address of an S3 server such as https://s3.example.com:9000, without credentials',
    ],
  ])('%s is refused', (address, why) => {
    expect(() => parseStorageAddress(address)).toThrow(`--storage ${address}: ${why}`);
  });

  test('credentials are refused, and not repeated', () => {
    expect(() => parseStorageAddress('s3://key:sesame@bucket')).toThrow(
      /cannot carry credentials: set AWS_ACCESS_KEY_ID/,
    );
    expect(() => parseStorageAddress('s3://key:sesame@bucket')).not.toThrow(/sesame/);
  });
});

describe('progress', () => {
  function shown(
    steps: readonly (readonly [at: number, progress: Partial<Progress>])[],
    terminal: boolean,
  ): string {
    const io = fakeIo({ terminal, columns: 70 });
    let time = 0;
    const line = createProgressLine(io, () => time);
    for (const [at, progress] of steps) {
      time = at;
      line.update({ phase: 'reading', records: 0, bytes: 0, ...progress });
    }
    line.clear();
    return Buffer.concat(io.written.stderr).toString();
  }

  test('rewrites one line in a terminal, not more often than people can read', () => {
    const text = shown(
      [
        [0, {}],
        [50, { records: 5, bytes: 5 }],
        [2000, { records: 10_000, bytes: 2_000_000, recordsTotal: 40_000 }],
        [4000, { phase: 'verifying', bytes: 1 }],
      ],
      true,
    );
    expect(text.split('\r\u001b[K')).toEqual([
      '',
      'reading',
      'reading  25%  10,000 records  2 MB  1 MB/s  6s left',
      'verifying  1 B',
      '',
    ]);
  });

  test('writes a line now and then where there is no terminal', () => {
    const text = shown(
      [
        [0, {}],
        [5000, { bytes: 5 }],
        [10_000, { bytes: 10_000_000, bytesTotal: 20_000_000 }],
      ],
      false,
    );
    expect(text).toBe('reading\nreading  50%  10 MB  1 MB/s  10s left\n');
  });

  test('never exceeds the width of the terminal', () => {
    const text = shown([[0, { records: 1e15, bytes: 1e15, recordsTotal: 2e15 }]], true);
    expect(Math.max(...text.split('\r\u001b[K').map((line) => line.length))).toBeLessThan(70);
  });
});

describe('colours', () => {
  test.each([
    ['a terminal', true, {}, '\u001b[31mx\u001b[39m'],
    ['no terminal', false, {}, 'x'],
    ['NO_COLOR', true, { NO_COLOR: '1' }, 'x'],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, '\u001b[31mx\u001b[39m'],
    ['a dumb terminal', true, { TERM: 'dumb' }, 'x'],
  ])('%s', (_what, terminal, env, expected) => {
    const io = fakeIo({ terminal, env });
    expect(paint(io, io.stdout, 'red', 'x')).toBe(expected);
  });
});
