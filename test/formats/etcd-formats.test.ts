import { gzipSync } from 'node:zlib';
import { oldFile, plain, readOld } from './files.ts';

const dump =
  '[{"key":"/myKeyOther","value":"other"},{"key":"/myKey/a","value":"value1"},{"key":"/dir/emptyDir"},' +
  '{"key":"/t","value":"x","expiration":"2026-11-22T13:00:00.5Z"},' +
  '{"key":"/old","value":"x","expiration":"2014-12-09T15:33:18.838468274Z"},' +
  '{"key":"/empty","value":""},{"key":"/lost","value":"a\\ufffdb"}]';

describe('52: dumps of etcd-backup', () => {
  test('keys come back; what etcd 3 has not is counted and named', async () => {
    const old = await readOld(dump);
    expect(old.format).toBe('etcd-backup');
    expect(plain(old).map(([key, value]) => [key, value])).toEqual([
      ['/empty', ''],
      ['/lost', 'a\ufffdb'],
      ['/myKey/a', 'value1'],
      ['/myKeyOther', 'other'],
      ['/t', 'x'],
    ]);
    expect(old.leftOut).toEqual([
      { reason: 'an empty directory, which etcd 3 does not have', count: 1, examples: ['/dir/emptyDir'] },
      { reason: 'expired before it was imported', count: 1, examples: ['/old'] },
      {
        reason: 'the value had bytes that are no text; the dump has U+FFFD in their place',
        count: 1,
        examples: ['/lost'],
      },
    ]);
  });

  test('what will expire has a lease of its own, with the seconds that are left', async () => {
    const { records } = await readOld(dump.replace('"/empty","value":""', '"/u","value":"y","ttl":60'));
    expect(
      records.filter(({ meta }) => 'lease' in meta).map(({ key, meta }) => [key.toString(), meta]),
    ).toEqual([
      ['/t', { lease: '1', leaseGrantedTtl: '3601', leaseTtl: '3601' }],
      ['/u', { lease: '2', leaseGrantedTtl: '60', leaseTtl: '60' }],
    ]);
  });

  test('the tail of a longer dump before is taken only where that is said', async () => {
    const stale = `${dump}e1"},{"key":"/gone","value":"gone"}]`;
    await expect(readOld(stale)).rejects.toMatchObject({
      code: 'FileRefused',
      message: expect.stringMatching(/goes on behind its list, with \d+ bytes.*--ignore-trailing/) as unknown,
    });
    expect(await readOld(stale, { ignoreTrailing: true })).toEqual(await readOld(dump));
  });
});

test('etcd-aws: one node a line, the root first', async () => {
  const lines =
    '{"key":"","dir":true,"nodes":null,"createdIndex":0,"modifiedIndex":0}\n' +
    '{"key":"/dir","dir":true,"createdIndex":4,"modifiedIndex":4}\n' +
    '{"key":"/dir/a","value":"x","createdIndex":5,"modifiedIndex":18446744073709551615}\n' +
    '{"key":"/b","value":"y","expiration":"2026-11-22T12:00:30Z","ttl":99}\n';
  const old = await readOld(oldFile(gzipSync(lines)));
  expect(old.format).toBe('etcd-aws');
  expect(old.records.map(({ key, value, meta }) => [key.toString(), value?.toString(), meta])).toEqual([
    ['/b', 'y', { lease: '1', leaseGrantedTtl: '30', leaseTtl: '30' }],
    ['/dir/a', 'x', {}],
  ]);
  expect(old.leftOut).toMatchObject([{ count: 2, examples: ['', '/dir'] }]);
  await expect(readOld(oldFile(gzipSync(lines).subarray(0, -12)))).rejects.toMatchObject({
    code: 'FileRefused',
  });
});
