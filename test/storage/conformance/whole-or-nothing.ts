import type { Storage } from '../../../storage/storage.ts';
import { digest, KiB, MiB, namesOf, noise, read, store } from '../bytes.ts';

/** Two sizes that go different ways: one request, and an upload in parts. */
const ways = [
  ['small', 3 * KiB],
  ['large', 20 * MiB],
] as const;

/** A body that gives `size` bytes, then does `last` before it ends. */
async function* thenDo(size: number, last: () => Promise<void>, seed = 0): AsyncGenerator<Buffer, void> {
  yield* noise(size, seed);
  await last();
}

export function wholeOrNothing(storage: () => Storage): void {
  const going = new AbortController().signal;

  async function expectNothing(): Promise<void> {
    expect(await storage().head('job/data')).toBeUndefined();
    expect(await namesOf(storage(), '')).toEqual([]);
    expect(await storage().abortUploads('')).toBe(0);
  }

  describe.each(ways)('of a %s object', (_, size) => {
    test('it is invisible until its end', async () => {
      const look = async () => {
        expect(await storage().head('job/data')).toBeUndefined();
        expect(await namesOf(storage(), '')).toEqual([]);
      };
      await storage().put('job/data', thenDo(size, look), { signal: going });
      expect(await namesOf(storage(), '')).toEqual(['job/data']);
    });

    test('what it replaces stays until its end', async () => {
      await store(storage(), 'job/data', noise(1000, 7));
      const look = async () => {
        expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(1000, 7)));
      };
      await storage().put('job/data', thenDo(size, look), { signal: going });
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(size)));
    });

    test('an error of its body comes through as it is and leaves nothing', async () => {
      const error = new Error('the store broke off');
      const broken = thenDo(size, () => Promise.reject(error));
      await expect(storage().put('job/data', broken, { signal: going })).rejects.toBe(error);
      await expectNothing();
    });

    test('an abort comes through with its reason, even while the body hangs, and leaves nothing', async () => {
      const stop = new AbortController();
      const reason = new Error('cancelled');
      const release = Promise.withResolvers<undefined>();
      const hanging = thenDo(size, async () => {
        setImmediate(() => stop.abort(reason));
        await release.promise;
      });
      await expect(storage().put('job/data', hanging, { signal: stop.signal })).rejects.toBe(reason);
      release.resolve(undefined);
      await expectNothing();
    });

    test('an error or abort leaves what was there', async () => {
      await store(storage(), 'job/data', noise(1000, 7));
      const error = new Error('the store broke off');
      const broken = thenDo(size, () => Promise.reject(error));
      await expect(storage().put('job/data', broken, { signal: going })).rejects.toBe(error);
      expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(1000, 7)));
    });
  });

  test('a signal that has fired already stops before the body is touched', async () => {
    const reason = new Error('too late');
    let touched = false;
    const touching = thenDo(0, () => {
      touched = true;
      return Promise.resolve();
    });
    await expect(storage().put('job/data', touching, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(touched).toBe(false);
    await expectNothing();
  });

  test('a body is told when nobody reads it to its end', async () => {
    const stop = new AbortController();
    const told = Promise.withResolvers<undefined>();
    async function* endless(): AsyncGenerator<Buffer, void> {
      try {
        for (;;) {
          yield Buffer.alloc(64 * KiB);
          await new Promise(setImmediate);
          if (!stop.signal.aborted) stop.abort(new Error('cancelled'));
        }
      } finally {
        told.resolve(undefined);
      }
    }
    await expect(storage().put('job/data', endless(), { signal: stop.signal })).rejects.toThrow('cancelled');
    await told.promise;
    await expectNothing();
  });

  test('uploads that never complete are ended, those under the prefix alone, and cannot complete any more', async () => {
    const hangs = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const hanging = thenDo(20 * MiB, async () => {
      hangs.resolve(undefined);
      await release.promise;
    });
    const upload = storage().put('job-1/id/data', hanging, { signal: going });
    const failed = expect(upload).rejects.toThrow('job-1/id/data');
    await hangs.promise;

    expect(await storage().abortUploads('job-2/')).toBe(0);
    expect(await storage().abortUploads('job-1/id/other')).toBe(0);
    expect(await storage().abortUploads('', undefined, new Date(Date.now() - 3_600_000))).toBe(0);
    // The upload may not have reached the server yet.
    const later = new Date(Date.now() + 3_600_000);
    while ((await storage().abortUploads('job-1/id/', going, later)) === 0) await new Promise(setImmediate);
    release.resolve(undefined);
    await failed;
    expect(await namesOf(storage(), '')).toEqual([]);
    expect(await storage().abortUploads('')).toBe(0);
  });

  test('reading goes on from one object while another replaces it, or fails, but never mixes the two', async () => {
    await store(storage(), 'job/data', noise(40 * MiB, 1));
    const chunks: Buffer[] = [];
    const reading = async () => {
      for await (const chunk of storage().get('job/data')) {
        if (chunks.length === 0) await store(storage(), 'job/data', noise(40 * MiB, 2));
        chunks.push(Buffer.from(chunk));
      }
      return digest(chunks);
    };
    const outcome = await reading().catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome.message).toContain(`${storage().address}/job/data`);
    else expect(outcome).toEqual(await digest(noise(40 * MiB, 1)));
    expect(await digest(storage().get('job/data'))).toEqual(await digest(noise(40 * MiB, 2)));
    expect(await read(storage().get('job/data', { start: 0, end: 10 }))).toHaveLength(10);
  });
}
