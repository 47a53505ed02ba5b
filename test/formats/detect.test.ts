import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { detectFormat } from '../../formats/detect.ts';
import { inOrder } from '../../formats/in-order.ts';
import { backinatorFile, oldFile } from './files.ts';

function bolt(bytes: number): Buffer {
  const file = randomBytes(bytes);
  Buffer.from([0xed, 0xda, 0x0c, 0xed]).copy(file, 16);
  return file;
}

function tar(name: string): Buffer {
  const header = Buffer.alloc(1024);
  header.write(name);
  header.write('ustar', 257);
  return header;
}

const { file: sealed, signature } = backinatorFile('[]', 'x');

test.each([
  ['[["a", 0, "x"]]', 'consulate'],
  [' \n[ ["a", 0, null] ]', 'consulate'],
  ['[{"LockIndex":0,"Key":"a","Flags":0,"Value":null}]', 'consul-recurse'],
  ['[{"Key":"a","Flags":0,"Value":null}]', 'consul-recurse'],
  ['[{"key":"/a","flags":0,"value":""}]', 'consul-kv-export'],
  ['[{"key":"/a","value":"x"}]', 'etcd-backup'],
  ['[{"key":"/emptyDir"}]', 'etcd-backup'],
  [gzipSync('{"key":"","dir":true}\n'), 'etcd-aws'],
  [gzipSync(tar('meta.json')), 'consul-snapshot'],
  [bolt(20 * 512 + 32), 'etcd-snapshot'],
])('%j is %s', async (content, format) => {
  expect(await detectFormat(oldFile(content))).toBe(format);
});

test('a damaged file is told by what comes before the damage', async () => {
  const file = gzipSync(Buffer.concat([tar('meta.json'), randomBytes(3000)]));
  file.fill(0xff, 600, 700);
  expect(await detectFormat(oldFile(file))).toBe('consul-snapshot');
});

test('consul-backinator is known by the signature beside it', async () => {
  expect(await detectFormat(oldFile(sealed, { beside: { '.sig': `${signature}\n` } }))).toBe(
    'consul-backinator',
  );
});

test.each([
  ['an empty list', '[]', 'an empty list, which may be of any format'],
  ['a list of numbers', '[1, 2]', 'its first row is of none of the formats'],
  ['rows of four', '[["a", 0, "x", 1]]', 'its first row is of none of the formats'],
  ['ACLs', '[{"ID":"x","Name":"","Type":"client","Rules":""}]', 'ACLs of Consul as they were before 1.11'],
  ['an object', '{"key":"/a"}', 'it is a JSON object'],
  ['etcd-backup without slash', '[{"key":"a","value":"x"}]', 'its first row is of none of the formats'],
  ['an etcd database', bolt(20 * 512), 'database of etcd 3 without a hash'],
  ['another tar', gzipSync(tar('meta.json.bak')), 'it is a tar file, and none of Consul'],
  ['gzip of a list', gzipSync('[["a", 0, "x"]]'), 'decompress it, and import what comes out'],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 1]), 'as the data of Holdfast is'],
  ['age', Buffer.from('age-encryption.org/v1\n-> X25519 x\n'), 'as the data of Holdfast is'],
  ['backinator without signature', sealed, 'its signature beside it, in /old/file.sig'],
  ['noise', randomBytes(500).fill(0, 0, 1), 'none of the formats begins so'],
  ['nothing', '', 'none of the formats begins so'],
])('%s is refused, with what to do', async (_name, content, why) => {
  await expect(detectFormat(oldFile(content))).rejects.toMatchObject({
    code: 'BadRequest',
    message: expect.stringContaining(why) as unknown,
  });
});

test('what is too large to be sorted in memory is refused', async () => {
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is an asynchronous iterable
  async function* rows(count: number) {
    for (let index = 0; index < count; index++) {
      yield { record: { key: Buffer.from(`k${index}`), value: Buffer.alloc(500), attributes: {}, meta: {} } };
    }
  }
  expect((await inOrder(rows(9), 'f', 10_000)).records).toHaveLength(9);
  await expect(inOrder(rows(10), 'f', 10_000)).rejects.toMatchObject({
    code: 'FileRefused',
    message: expect.stringContaining('may have 10000 bytes. Split it by prefixes.') as unknown,
  });
});
