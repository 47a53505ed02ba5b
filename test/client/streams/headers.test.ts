import { attributesFrom } from '../../../client/streams/headers.ts';
import { parseConcurrency, parsePartSize } from '../../../client/streams/size.ts';
import { parseObjectAddress } from '../../../client/object-address.ts';

test('58: headers become settings of the object', () => {
  expect(
    attributesFrom([
      'x-amz-server-side-encryption:AES256',
      'X-Amz-Meta-A: b:c ',
      'x-amz-meta-größe:✓',
      'Content-Type:text/plain; charset=utf-8',
      'x-amz-acl:private',
    ]),
  ).toEqual({
    ServerSideEncryption: 'AES256',
    Metadata: { a: 'b:c ', größe: '✓' },
    ContentType: 'text/plain; charset=utf-8',
    ACL: 'private',
  });
  expect(attributesFrom([])).toEqual({});
});

test.each(['Content-Type', 'x-amz-meta-:x', 'Host:example.com', ':x', 'x-amz-copy-source:/a/b'])(
  '%s is refused',
  (header) => {
    expect(() => attributesFrom([header])).toThrow(`-m ${header}: expected a name, a colon and a value`);
  },
);

test('54: sizes of parts, and requests at once', () => {
  expect(['20971520', '5MiB', '20 MiB', '1GiB'].map(parsePartSize)).toEqual([
    20_971_520,
    5 * 2 ** 20,
    20 * 2 ** 20,
    2 ** 30,
  ]);
  for (const wrong of ['', '5MB', '4MiB', '2GiB', '-5MiB', '5.5MiB', 'x']) {
    expect(() => parsePartSize(wrong)).toThrow('Expected 5MiB to 1GiB');
  }
  expect(['1', '64'].map(parseConcurrency)).toEqual([1, 64]);
  for (const wrong of ['', '0', '65', '1.5', 'x'])
    expect(() => parseConcurrency(wrong)).toThrow('Expected 1 to 64');
});

describe('addresses of objects', () => {
  test('62: endpoint, region and path style; a bucket with dots; the key as it stands', () => {
    expect(
      parseObjectAddress(
        's3://my.bucket/a//b c/../%20+größe#x&y?endpoint=http://127.0.0.1:7070&region=eu-west-1&path_style=true',
      ),
    ).toMatchObject({
      key: 'a//b c/../%20+größe#x&y',
      s3: {
        ...{ bucket: 'my.bucket', prefix: '', endpoint: 'http://127.0.0.1:7070', region: 'eu-west-1' },
        pathStyle: true,
      },
    });
  });

  test.each([
    ['s3://bucket', 'names no object: expected s3://bucket/key'],
    ['s3://bucket/', 'names no object: expected s3://bucket/key'],
    ['s3:///key', 'names no object'],
    ['/tmp/file', 'names no object'],
    ['s3://buc-ket/k?colour=1', 's3://buc-ket/k?colour=1: unknown parameter "colour"'],
    [`s3://buc-ket/${'k'.repeat(1025)}`, 'a key has at most 1024 bytes'],
    ['s3://key:sesame@bucket/k', 'cannot carry credentials'],
  ])('%s is refused', (address, why) => expect(() => parseObjectAddress(address)).toThrow(why));
});
