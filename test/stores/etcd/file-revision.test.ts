import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { createRevisionFinder } from '../../../stores/etcd/file-revision.ts';

/** A snapshot of etcd 3.6 at revision 5, without the SHA-256 behind it. */
const stored = readFileSync(new URL('../../archive/golden/snapshot-1.db.zst', import.meta.url));
const database = zstdDecompressSync(stored).subarray(0, -32);

function find(bytes: Buffer, piece = bytes.length) {
  const finder = createRevisionFinder();
  for (let at = 0; at < bytes.length; at += piece) finder.take(bytes.subarray(at, at + piece));
  return finder.found();
}

test.each([1, 7, 80, 4095, 4096, 4097, 32_768])('the revision is found in pieces of %d bytes', (piece) => {
  expect(find(database, piece)).toEqual({ revision: 5n, compacted: -1n });
});

test('of two meta pages, that of the later transaction counts, if it is valid', () => {
  for (const page of [0, 1]) {
    const damaged = Buffer.from(database);
    // In its checksum.
    damaged.writeUInt8(damaged.readUInt8(page * 4096 + 72) ^ 1, page * 4096 + 72);
    const expected = page === 0 ? { problem: 'it has no valid meta page' } : { revision: 5n, compacted: -1n };
    expect(find(damaged)).toEqual(expected);
  }
});

test('what is no database has no revision, and says why', () => {
  const noPage = { problem: 'it has no valid meta page' };
  expect(find(Buffer.alloc(0))).toEqual(noPage);
  expect(find(Buffer.alloc(20_480))).toEqual(noPage);
  expect(find(Buffer.alloc(20_480, 0xff))).toEqual(noPage);
  expect(find(database.subarray(0, -1))).toEqual({ problem: 'it does not end with a whole page' });
  expect(find(database.subarray(0, 8192))).toEqual({
    problem: 'the last revision of its keys cannot be found',
  });
});

test('a page of nonsense where a free one may be does not matter; none makes the search fail or hang', () => {
  for (let page = 2; page < database.length / 4096; page++) {
    for (const fill of [0x00, 0x01, 0xff]) {
      const damaged = Buffer.from(database);
      // The number of the page stays, and it says that it is a leaf (or a branch) of many elements on many pages.
      damaged.fill(fill, page * 4096 + 10, (page + 1) * 4096);
      const { revision, problem } = find(damaged);
      expect(revision ?? problem).toBeDefined();
      if (revision !== undefined) expect(revision).toBeLessThanOrEqual(5n);
    }
  }
});
