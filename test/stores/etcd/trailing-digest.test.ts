import { createHash } from 'node:crypto';
import { createTrailingDigest } from '../../../stores/etcd/trailing-digest.ts';

const database = Buffer.alloc(4096, 'page');
const file = Buffer.concat([database, createHash('sha256').update(database).digest()]);

test.each([1, 31, 33, 512, 4127, 5000])('a whole file in pieces of %d bytes', (size) => {
  const digest = createTrailingDigest();
  for (let at = 0; at < file.length; at += size) digest.take(file.subarray(at, at + size));
  expect(digest.problem()).toBeUndefined();
  expect(digest.sha256()).toBe(createHash('sha256').update(file).digest('hex'));
});

test.each([
  [
    'a flipped byte',
    Buffer.concat([Buffer.from('x'), file.subarray(1)]),
    /holds a database with the SHA-256/,
  ],
  ['an end that is missing', file.subarray(0, -1), /has 4127 bytes/],
])('%s is a problem', (_, bytes, problem) => {
  const digest = createTrailingDigest();
  digest.take(bytes);
  expect(digest.problem()).toMatch(problem);
});
