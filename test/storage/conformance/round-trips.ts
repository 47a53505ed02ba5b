import type { Storage } from '../../../storage/storage.ts';
import { body, digest, KiB, MiB, noise, noiseBuffer, read, store } from '../bytes.ts';

const sizes = [
  0,
  1,
  64 * KiB,
  5 * MiB - 1,
  5 * MiB,
  5 * MiB + 1,
  8 * MiB - 1,
  8 * MiB,
  8 * MiB + 1,
  40 * MiB,
];

export function roundTrips(storage: () => Storage): void {
  test.each(sizes)(
    'of %d bytes',
    async (size) => {
      const signal = new AbortController().signal;
      const stored = await storage().put('job/id/data', body(noise(size)), { signal });
      expect(stored).toEqual({ bytes: size });
      expect(await digest(storage().get('job/id/data'))).toEqual(await digest(noise(size)));
      expect(await storage().head('job/id/data')).toMatchObject({ name: 'job/id/data', bytes: size });
    },
    60_000,
  );

  test('of bytes that come one by one, with empty chunks between', async () => {
    const bytes = noiseBuffer(300);
    const chunks = Array.from(bytes, (byte) => [Buffer.alloc(0), Buffer.of(byte)]).flat();
    await store(storage(), 'data', [...chunks, Buffer.alloc(0)]);
    expect(await read(storage().get('data'))).toEqual(bytes);
  });

  test('of a chunk larger than any part', async () => {
    const bytes = noiseBuffer(20 * MiB);
    await store(storage(), 'data', [bytes]);
    expect((await read(storage().get('data'))).equals(bytes)).toBe(true);
  });

  test('of a body that uses one buffer again and again', async () => {
    const buffer = Buffer.alloc(MiB);
    const steps = Array.from({ length: 20 }, (_, i) => i);
    await store(
      storage(),
      'data',
      steps.values().map((i) => buffer.fill(i)),
    );
    const stored = await read(storage().get('data'));
    expect(stored.equals(Buffer.concat(steps.map((i) => Buffer.alloc(MiB, i))))).toBe(true);
  });

  test('replace what was there', async () => {
    await store(storage(), 'data', noise(9 * MiB, 1));
    await store(storage(), 'data', noise(1000, 2));
    expect(await read(storage().get('data'))).toEqual(noiseBuffer(1000, 2));
    await store(storage(), 'data', noise(9 * MiB, 3));
    expect(await digest(storage().get('data'))).toEqual(await digest(noise(9 * MiB, 3)));
  });

  test('of several objects at once', async () => {
    const seeds = [1, 2, 3, 4];
    await Promise.all(seeds.map((seed) => store(storage(), `at-once/${seed}`, noise(9 * MiB, seed))));
    for (const seed of seeds) {
      expect(await digest(storage().get(`at-once/${seed}`))).toEqual(await digest(noise(9 * MiB, seed)));
    }
  });

  test('keep time and size', async () => {
    const before = Date.now();
    await store(storage(), 'data', noise(1000));
    const info = await storage().head('data');
    expect(info?.bytes).toBe(1000);
    // S3 gives whole seconds.
    expect(info?.modified.getTime()).toBeGreaterThanOrEqual(before - 1000);
    expect(info?.modified.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test('refuse names that would lead elsewhere', async () => {
    for (const name of ['../data', '/data', 'a//b', 'a/./b', 'a/..', '', 'a b', 'a\n', 'ä']) {
      await expect(store(storage(), name, noise(1))).rejects.toThrow('name');
      await expect(storage().putOnce(name, Buffer.alloc(1))).rejects.toThrow('name');
      await expect(read(storage().get(name))).rejects.toThrow('name');
      await expect(storage().head(name)).rejects.toThrow('name');
      await expect(storage().remove([name])).rejects.toThrow('name');
    }
  });
}
