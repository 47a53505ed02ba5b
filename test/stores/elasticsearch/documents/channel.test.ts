import { setImmediate } from 'node:timers/promises';
import { inParallel } from '../../../../stores/elasticsearch/documents/channel.ts';

const never = new AbortController().signal;
type Put = (item: number) => Promise<void>;

function counting(from: number, to: number) {
  return async (put: Put) => {
    for (let item = from; item < to; item++) await put(item);
  };
}

test('everything of every producer comes once', async () => {
  const items = await Array.fromAsync(
    inParallel(2, never, [counting(0, 50), counting(50, 90), counting(90, 90)]),
  );
  expect(items.sort((one, other) => one - other)).toEqual(Array.from({ length: 90 }, (_, item) => item));
});

test('producers wait for the consumer', async () => {
  let made = 0;
  const produce = async (put: Put) => {
    for (let item = 0; item < 100; item++) {
      await put(item);
      made++;
    }
  };
  const stream = inParallel(3, never, [produce, produce]);
  await stream.next();
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  expect(made).toBeLessThan(6);
  await stream.return(undefined);
});

test('one that ends while others wait for room lets the consumer work', async () => {
  const late = async (put: Put) => {
    await setImmediate();
    await put(100);
  };
  const items: number[] = [];
  for await (const item of inParallel(1, never, [counting(0, 10), counting(10, 20), late])) {
    // Whatever the consumer waits for: while promises settle without end, it would never come.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    items.push(item);
  }
  expect(items).toHaveLength(21);
});

test('the first error ends it, and stops the others first', async () => {
  let stopped = false;
  const failing = async (put: Put) => {
    await put(1);
    throw new Error('broken');
  };
  const endless = async (put: Put) => {
    try {
      for (;;) await put(0);
    } finally {
      stopped = true;
    }
  };
  await expect(Array.fromAsync(inParallel(2, never, [failing, endless]))).rejects.toThrow('broken');
  expect(stopped).toBe(true);
});

test('an abort ends it by its reason', async () => {
  const controller = new AbortController();
  const waiting = (_: Put, signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const reading = Array.fromAsync(inParallel(2, controller.signal, [waiting]));
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});
