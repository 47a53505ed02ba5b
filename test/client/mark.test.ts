import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

let temporary: TemporaryStorage;
const [old, newest] = [idOf(60), idOf(5)];
beforeAll(async () => {
  temporary = await openTemporary();
  await storeBackup(temporary.storage, 'consul', old, [record('a', '1')]);
  const suspicions = ['it holds 90 % fewer records'];
  await storeBackup(temporary.storage, 'consul', newest, [record('a', '1')], [], { suspicions });
});
afterAll(() => temporary.cleanup());

const run = (...args: readonly string[]) => holdfast([...args, '--storage', `file://${temporary.path}`]);

test('a suspicious backup is listed and shown so, until it is trusted', async () => {
  expect((await run('list', 'consul')).text).toMatch(new RegExp(`${newest} .* schedule, SUSPICIOUS `));
  expect((await run('show', 'consul')).text).toContain('suspicious  it holds 90 % fewer records');
  const { exit, text } = await run('trust', 'consul', 'latest', '--reason', 'moved');
  expect({ exit, text }).toEqual({ exit: 0, text: `consul ${newest} is trusted.\n` });
  expect((await run('list', 'consul')).text).toMatch(new RegExp(`${newest} .* schedule, trusted `));
  const [entry] = (await run('list', 'consul', '--json')).text.split('\n');
  expect(JSON.parse(entry ?? '')).toMatchObject({
    id: newest,
    suspicions: ['it holds 90 % fewer records'],
    marks: ['trusted'],
  });
});

test('a backup is pinned and unpinned', async () => {
  expect((await run('pin', 'consul', old, '--json')).text).toContain('"pinned": true');
  expect((await run('list', 'consul')).text).toMatch(new RegExp(`${old} .* schedule, pinned `));
  expect((await run('unpin', 'consul', old)).text).toBe(`consul ${old} is no longer pinned.\n`);
  expect((await run('list', 'consul')).text).not.toContain('pinned');
});

test('what is not there cannot be pinned', async () => {
  expect(await run('pin', 'consul', '20200101T000000Z')).toMatchObject({ exit: 3, text: '' });
});
