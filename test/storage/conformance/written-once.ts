import type { Storage } from '../../../storage/storage.ts';
import { body, digest, KiB, MiB, noise, noiseBuffer, read, store } from '../bytes.ts';

const ways = [
  ['small', 3 * KiB],
  ['large', 20 * MiB],
] as const;

export function writtenOnce(storage: () => Storage): void {
  const ifAbsent = { signal: new AbortController().signal, ifAbsent: true };
  const exists = (name: string) => ({
    code: 'BackupExists',
    message: expect.stringContaining(`${storage().address}/${name}`) as string,
  });

  test('putOnce gives true once, and leaves what is there', async () => {
    expect(await storage().putOnce('job/manifest.json', Buffer.from('one'))).toBe(true);
    expect(await storage().putOnce('job/manifest.json', Buffer.from('two'))).toBe(false);
    expect(String(await read(storage().get('job/manifest.json')))).toBe('one');
    await storage().remove(['job/manifest.json']);
    expect(await storage().putOnce('job/manifest.json', Buffer.from('three'))).toBe(true);
    expect(String(await read(storage().get('job/manifest.json')))).toBe('three');
  });

  test('putOnce of nothing is something', async () => {
    expect(await storage().putOnce('empty', Buffer.alloc(0))).toBe(true);
    expect(await storage().putOnce('empty', Buffer.alloc(0))).toBe(false);
    expect(await storage().head('empty')).toMatchObject({ bytes: 0 });
  });

  test('of 20 callers at once exactly one gets true, and its bytes are there', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `race/${round}`;
      const bytes = Array.from({ length: 20 }, (_, seed) => noiseBuffer(2000, seed));
      const won = await Promise.all(bytes.map((mine) => storage().putOnce(name, mine)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await read(storage().get(name))).toEqual(bytes[won.indexOf(true)]);
    }
  });

  test('an abort of putOnce comes through with its reason', async () => {
    const reason = new Error('cancelled');
    const late = storage().putOnce('late', Buffer.of(1), AbortSignal.abort(reason));
    await expect(late).rejects.toBe(reason);
    expect(await storage().head('late')).toBeUndefined();
  });

  describe.each(ways)('put of a %s object, if absent,', (_, size) => {
    test('stores where nothing is', async () => {
      expect(await storage().put('job/data', body(noise(size)), ifAbsent)).toEqual({ bytes: size });
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(size)));
    });

    test('leaves alone what is there', async () => {
      await store(storage(), 'job/data', noise(1000, 7));
      await expect(storage().put('job/data', body(noise(size)), ifAbsent)).rejects.toMatchObject(
        exists('job/data'),
      );
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(1000, 7)));
      expect(await storage().abortUploads('')).toBe(0);
    });

    test('leaves alone what appeared during the upload', async () => {
      async function* overtaken(): AsyncGenerator<Buffer, void> {
        yield* noise(size);
        await store(storage(), 'job/data', noise(1000, 7));
      }
      await expect(storage().put('job/data', overtaken(), ifAbsent)).rejects.toMatchObject(
        exists('job/data'),
      );
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(1000, 7)));
      expect(await storage().abortUploads('')).toBe(0);
    });

    test('by four callers at once stores the bytes of exactly one', async () => {
      const seeds = [1, 2, 3, 4];
      const outcomes = await Promise.allSettled(
        seeds.map((seed) => storage().put('job/data', body(noise(size, seed)), ifAbsent)),
      );
      const winners = seeds.filter((_, i) => outcomes[i]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(size, winners[0])));
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(exists('job/data'));
      }
    });
  });
}
