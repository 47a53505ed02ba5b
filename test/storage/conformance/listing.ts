import type { Storage } from '../../../storage/storage.ts';
import { namesOf, noise, store } from '../bytes.ts';

export function listing(storage: () => Storage): void {
  const storeAll = async (names: readonly string[]) => {
    for (const name of names) await storage().putOnce(name, Buffer.from(name));
  };
  const foldersOf = (folder: string) => Array.fromAsync(storage().folders(folder));

  test('of nothing is empty', async () => {
    expect(await namesOf(storage(), '')).toEqual([]);
    expect(await namesOf(storage(), 'no/such/folder/')).toEqual([]);
    expect(await foldersOf('')).toEqual([]);
    expect(await foldersOf('no/such/folder/')).toEqual([]);
  });

  test('is in ascending order of the whole name', async () => {
    // "-" and "." sort before "/", letters and digits after it: folder by folder is another order.
    const names = ['B', 'a-b/x', 'a.b/x', 'a/b/c', 'a/b-c', 'a/z', 'a0', 'a_/x', 'ab/x', 'b'];
    await storeAll(names);
    expect(await namesOf(storage(), '')).toEqual([...names].sort());
    expect(await namesOf(storage(), 'a')).toEqual(names.filter((name) => name.startsWith('a')).sort());
  });

  test('takes any beginning of a name for a prefix', async () => {
    await storeAll(['job/20260101T000000Z/data', 'job/20260102T000000Z/data', 'job-2/data', 'jobs/data']);
    expect(await namesOf(storage(), 'job/')).toEqual([
      'job/20260101T000000Z/data',
      'job/20260102T000000Z/data',
    ]);
    expect(await namesOf(storage(), 'job/20260102')).toEqual(['job/20260102T000000Z/data']);
    expect(await namesOf(storage(), 'job-')).toEqual(['job-2/data']);
    expect(await namesOf(storage(), 'job/20260101T000000Z/data')).toEqual(['job/20260101T000000Z/data']);
    expect(await namesOf(storage(), 'job/3')).toEqual([]);
  });

  test('tells size and time', async () => {
    await store(storage(), 'a/data', noise(1234));
    const [info] = await Array.fromAsync(storage().list('a/'));
    const head = await storage().head('a/data');
    expect(info).toMatchObject({ name: 'a/data', bytes: 1234 });
    // S3 gives parts of a second in a listing, and not in the answer to HEAD.
    expect(Math.abs(Number(info?.modified) - Number(head?.modified))).toBeLessThan(1000);
  });

  test('of folders gives each once, without the objects between them', async () => {
    await storeAll(['a-b/x', 'a.b/x', 'a/1', 'a/2/x', 'a/2/y', 'a/3/x/y', 'b', 'c/x']);
    expect(await foldersOf('')).toEqual(['a', 'a-b', 'a.b', 'c']);
    expect(await foldersOf('a/')).toEqual(['2', '3']);
    expect(await foldersOf('a/3/')).toEqual(['x']);
    expect(await foldersOf('a/2/')).toEqual([]);
  });

  test('and removing go beyond a thousand', async () => {
    const names = Array.from({ length: 1010 }, (_, i) => `many/${String(i).padStart(5, '0')}/data`);
    for (let i = 0; i < names.length; i += 50) {
      // Not `putOnce`, which looks before and after: that would be three requests for each.
      await Promise.all(names.slice(i, i + 50).map((name) => store(storage(), name, [Buffer.of(1)])));
    }
    expect(await namesOf(storage(), 'many/')).toEqual(names);
    expect(await foldersOf('many/')).toEqual(names.map((name) => name.split('/')[1]));
    await storage().remove(names.slice(0, 1009));
    expect(await namesOf(storage(), 'many/')).toEqual(names.slice(1009));
  }, 60_000);

  test('removing takes what is there, and what is not there is no error', async () => {
    await storeAll(['a/1', 'a/2', 'a/3']);
    await storage().remove([]);
    await storage().remove(['a/1', 'a/missing', 'b/missing', 'a/3']);
    expect(await namesOf(storage(), '')).toEqual(['a/2']);
    await storage().remove(['a/1']);
    expect(await storage().head('a/1')).toBeUndefined();
    expect(await foldersOf('')).toEqual(['a']);
  });

  test('an emptied folder is no folder', async () => {
    await storeAll(['job/id-1/data', 'job/id-2/data']);
    await storage().remove(['job/id-1/data']);
    expect(await foldersOf('job/')).toEqual(['id-2']);
  });

  test('stops at an abort with its reason', async () => {
    await storeAll(['a/1', 'a/2']);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(Array.fromAsync(storage().list('', signal))).rejects.toBe(reason);
    await expect(Array.fromAsync(storage().folders('', signal))).rejects.toBe(reason);
    await expect(storage().head('a/1', signal)).rejects.toBe(reason);
    await expect(storage().remove(['a/1'], signal)).rejects.toBe(reason);
    expect(await namesOf(storage(), '')).toEqual(['a/1', 'a/2']);
  });
}
