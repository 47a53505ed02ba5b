import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccess } from '../../../worker/status/access.ts';

const settings = { port: 1, address: '127.0.0.1' };
const token = 'sixteen-letters!';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-access-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('without a token all may see it', async () => {
  expect((await createAccess(settings))(undefined)).toBe(true);
});

test.each([
  [undefined, false],
  ['', false],
  [`Bearer ${token}`, true],
  [`bearer ${token}`, true],
  [`Bearer ${token}x`, false],
  [`Bearer ${token.slice(1)}`, false],
  [token, false],
  [basic(`anybody:${token}`), true],
  [basic(`:${token}`), true],
  [basic(`${token}:`), false],
  ['Basic ', false],
])('with a token: %s → %s', async (authorization, expected) => {
  expect((await createAccess({ ...settings, token }))(authorization)).toBe(expected);
});

test('the token of a file, without the end of its line', async () => {
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const access = await createAccess({ ...settings, tokenFile });
  expect([access(`Bearer ${token}`), access(undefined)]).toEqual([true, false]);
});

test.each([
  ['there is none', undefined, /cannot be read/],
  ['it is empty', '\n', /holds less than 16 characters/],
])('a file that cannot be used is a mistake: %s', async (_what, text, message) => {
  const tokenFile = join(folder, 'other');
  if (text !== undefined) await writeFile(tokenFile, text);
  await expect(createAccess({ ...settings, tokenFile })).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(message) as unknown,
  });
});
