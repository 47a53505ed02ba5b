import type { Storage } from '../../../storage/storage.ts';
import { digest, MiB, noise, noiseBuffer, read, store } from '../bytes.ts';

export function ranges(storage: () => Storage): void {
  const bytes = noiseBuffer(1_000_000);

  test.each([
    [0, 1],
    [0, 1_000_000],
    [1, 2],
    [65_535, 65_537],
    [999_999, 1_000_000],
    [500_000, undefined],
    [undefined, 10],
    [10, 10],
    [0, 0],
    [1_000_000, undefined],
    [1_000_000, 1_000_000],
  ])('from %p to before %p', async (start, end) => {
    await store(storage(), 'data', [bytes]);
    const range = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
    const part = await read(storage().get('data', range));
    expect(part.equals(bytes.subarray(start, end))).toBe(true);
  });

  test('across a large object', async () => {
    await store(storage(), 'data', noise(40 * MiB));
    const whole = noiseBuffer(40 * MiB);
    const range = { start: 3 * MiB + 1, end: 37 * MiB - 1 };
    const part = await read(storage().get('data', range));
    expect(part.equals(whole.subarray(range.start, range.end))).toBe(true);
  });

  test.each([
    [0, 1_000_001],
    [999_999, 1_000_001],
    [1_000_001, undefined],
    [1_000_001, 1_000_002],
    [2_000_000, 3_000_000],
  ])('from %p to before %p, which the object does not have, throws', async (start, end) => {
    await store(storage(), 'data', [bytes]);
    const range = { start, ...(end !== undefined && { end }) };
    await expect(read(storage().get('data', range))).rejects.toMatchObject({
      code: 'ArchiveCorrupt',
      message: expect.stringContaining(`${storage().address}/data`) as string,
    });
  });

  test('of a missing object are an error that names it', async () => {
    for (const range of [{}, { start: 1 }, { start: 1, end: 2 }, { start: 3, end: 3 }]) {
      await expect(read(storage().get('job/id/missing', range))).rejects.toMatchObject({
        code: 'ObjectMissing',
        message: expect.stringContaining(`${storage().address}/job/id/missing`) as string,
      });
    }
  });

  test('can be left before their end, and read again', async () => {
    await store(storage(), 'data', noise(40 * MiB));
    for await (const chunk of storage().get('data')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await digest(storage().get('data'))).toEqual(await digest(noise(40 * MiB)));
  });

  test('end with the reason of an abort', async () => {
    await store(storage(), 'data', noise(40 * MiB));
    const stop = new AbortController();
    const reason = new Error('enough');
    const reading = async () => {
      for await (const chunk of storage().get('data', { signal: stop.signal })) {
        expect(chunk.length).toBeGreaterThan(0);
        stop.abort(reason);
      }
    };
    await expect(reading()).rejects.toBe(reason);
    await expect(read(storage().get('data', { signal: stop.signal }))).rejects.toBe(reason);
  });
}
