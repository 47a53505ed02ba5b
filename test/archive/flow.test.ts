import { setImmediate, setTimeout } from 'node:timers/promises';
import { mapAhead, provenBeforeLast } from '../../archive/ahead.ts';
import { framesAhead } from '../../archive/frames.ts';
import { readPrefix } from '../../archive/prefix.ts';
import { readRecords } from '../../archive/reader.ts';
import { writeRecords } from '../../archive/writer.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { each, inMemory, noise, record, store } from './memory.ts';

const address = 's3://bucket/records.ndjson.zst';
const frameBytes = 1 << 20;

/** Long enough for everything that can go on without the consumer. */
async function untilIdle(): Promise<void> {
  await setTimeout(100);
  await setImmediate();
}

/** A consumer that stops after the first item, as `break` in a loop does. */
async function takeOne(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) {
    expect(item).toBeDefined();
    break;
  }
}

/** Batches of one record each, which fills a frame; tells how many were taken and whether it was ended. */
function frames(count: number) {
  const seen = { taken: 0, ended: false };
  async function* batches(): AsyncGenerator<readonly KeyRecord[]> {
    try {
      for (let index = 0; index < count; index += 1) {
        await Promise.resolve();
        seen.taken += 1;
        yield [record(`key-${String(index).padStart(3, '0')}`, noise(index, frameBytes))];
      }
    } finally {
      seen.ended = true;
    }
  }
  return { batches: batches(), seen };
}

const stored = await store(
  Array.from({ length: 30 }, (_, index) => [
    record(`key-${String(index).padStart(3, '0')}`, noise(index, frameBytes)),
  ]),
);

test('results come in order, and no more are under way than allowed', async () => {
  let underWay = 0;
  let most = 0;
  const results = mapAhead(each([30, 1, 20, 1, 10, 1, 1]), 3, async (delay) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await setTimeout(delay);
    underWay -= 1;
    return delay;
  });
  expect(await Array.fromAsync(results)).toEqual([30, 1, 20, 1, 10, 1, 1]);
  expect(most).toBe(3);
});

test('a result that fails is thrown in its turn and ends the source', async () => {
  let ended = false;
  async function* source(): AsyncGenerator<number> {
    try {
      yield* each([1, 2, 3, 4, 5, 6, 7]);
    } finally {
      ended = true;
    }
  }
  const got: number[] = [];
  const failing = async (): Promise<void> => {
    for await (const item of mapAhead(source(), 3, (item) =>
      item === 3 ? Promise.reject(new Error('three')) : Promise.resolve(item),
    )) {
      got.push(item);
    }
  };
  await expect(failing()).rejects.toThrow('three');
  expect(got).toEqual([1, 2]);
  expect(ended).toBe(true);
});

test('the last item is held until the check has passed', async () => {
  const got: number[] = [];
  const failing = async (): Promise<void> => {
    const items = provenBeforeLast(each([1, 2, 3]), () => {
      throw new Error('not proven');
    });
    for await (const item of items) got.push(item);
  };
  await expect(failing()).rejects.toThrow('not proven');
  expect(got).toEqual([1, 2]);
});

test('a writer does not run ahead of a consumer that waits', async () => {
  const { batches, seen } = frames(60);
  const { bytes } = writeRecords(batches, { recipients: [] });
  for (let chunk = 0; chunk < 3; chunk += 1) {
    await bytes[Symbol.asyncIterator]().next();
    await untilIdle();
    expect(seen.taken).toBeLessThanOrEqual(chunk + framesAhead + 3);
  }
});

test('a reader does not run ahead of a consumer that waits', async () => {
  let given = 0;
  const { source } = inMemory(stored.bytes, 100_000);
  const counting: typeof source = async function* (range) {
    for await (const chunk of source(range)) {
      given += chunk.length;
      yield chunk;
    }
  };
  const { records } = readRecords(counting, stored.object, { identities: [], address });
  await records[Symbol.asyncIterator]().next();
  await untilIdle();
  expect(given).toBeLessThan(stored.bytes.length / 2);
});

test('batches that are lent can be read until the next one is asked for, and are freed then', async () => {
  const { source } = inMemory(stored.bytes, 100_000);
  const { records } = readRecords(source, stored.object, { identities: [], address, lent: true });
  const first: KeyRecord[] = [];
  const seen: number[] = [];
  for await (const batch of records) {
    first.push(...batch.slice(0, 1));
    seen.push(...batch.map(({ key, value }) => key.length + (value?.length ?? 0)));
  }
  expect(seen).toHaveLength(stored.content.records);
  expect(seen.reduce((sum, size) => sum + size, 0)).toBe(stored.content.bytes);
  expect(first.filter(({ key }) => key.length > 0)).toEqual([]);
});

test('a writer whose consumer stops ends its source', async () => {
  const { batches, seen } = frames(60);
  await takeOne(writeRecords(batches, { recipients: [] }).bytes);
  expect(seen.ended).toBe(true);
  expect(seen.taken).toBeLessThan(20);
});

test('an error of the source reaches the consumer of the bytes', async () => {
  async function* batches(): AsyncGenerator<readonly KeyRecord[]> {
    yield* each([[record('a', noise(1, frameBytes))]]);
    throw new Error('the store went away');
  }
  await expect(Array.fromAsync(writeRecords(batches(), { recipients: [] }).bytes)).rejects.toThrow(
    'went away',
  );
});

test.each([
  [
    'all records',
    (memory: ReturnType<typeof inMemory>) =>
      readRecords(memory.source, stored.object, { identities: [], address }),
  ],
  [
    'a prefix',
    (memory: ReturnType<typeof inMemory>) =>
      readPrefix(memory.source, stored.object, Buffer.from('key-'), { identities: [], address }),
  ],
])('a reader of %s whose consumer stops lets go of the storage', async (_, open) => {
  const memory = inMemory(stored.bytes, 100_000);
  await takeOne(open(memory).records);
  expect(memory.open()).toBe(0);
});

test('an abort ends a reader by its reason, also with frames at hand', async () => {
  const memory = inMemory(stored.bytes, 100_000);
  const controller = new AbortController();
  const reason = new Error('the worker stops');
  const options = { identities: [], address, signal: controller.signal };
  const iterator = readRecords(memory.source, stored.object, options).records[Symbol.asyncIterator]();
  await iterator.next();
  controller.abort(reason);
  await expect(iterator.next()).rejects.toBe(reason);
  await untilIdle();
  expect(memory.open()).toBe(0);
});

test('an abort ends a reader whose storage does not answer', async () => {
  const controller = new AbortController();
  const reason = new Error('the worker stops');
  let letGo = false;
  const silent = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<Buffer>>(() => undefined),
      return: () => {
        letGo = true;
        return new Promise<IteratorResult<Buffer>>(() => undefined);
      },
    }),
  };
  const options = { identities: [], address, signal: controller.signal };
  const first = readRecords(() => silent, stored.object, options)
    .records[Symbol.asyncIterator]()
    .next();
  setImmediate().then(
    () => controller.abort(reason),
    () => undefined,
  );
  await expect(first).rejects.toBe(reason);
  expect(letGo).toBe(true);
});

test('an aborted signal starts nothing', async () => {
  const memory = inMemory(stored.bytes);
  const options = { identities: [], address, signal: AbortSignal.abort(new Error('too late')) };
  const { records } = readRecords(memory.source, stored.object, options);
  await expect(Array.fromAsync(records)).rejects.toThrow('too late');
  expect(memory.asked()).toBe(0);
});
