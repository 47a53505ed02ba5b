/**
 * What several producers make at once, as one stream. At most `room` items wait for the consumer; producers wait
 * then. The first error ends the stream, when the producers have seen the signal and stopped; so does the consumer
 * by letting go of the stream.
 */
export async function* inParallel<Item>(
  room: number,
  signal: AbortSignal,
  producers: readonly ((put: (item: Item) => Promise<void>, signal: AbortSignal) => Promise<void>)[],
): AsyncGenerator<Item> {
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);
  const waiting: Item[] = [];
  let taken = Promise.withResolvers<undefined>();
  let given = Promise.withResolvers<undefined>();
  let failure: { readonly error: unknown } | undefined;
  let running = producers.length;

  async function put(item: Item): Promise<void> {
    while (waiting.length >= room) {
      stopping.throwIfAborted();
      await taken.promise;
    }
    stopping.throwIfAborted();
    waiting.push(item);
    given.resolve(undefined);
  }

  const ends = producers.map(async (produce) => {
    try {
      await produce(put, stopping);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    } finally {
      running--;
      // Nothing was taken: whoever waits for room waits on, and would spin if woken.
      given.resolve(undefined);
    }
  });
  const wake = () => {
    given.resolve(undefined);
    taken.resolve(undefined);
  };
  stopping.addEventListener('abort', wake);

  try {
    for (;;) {
      const item = waiting.shift();
      if (item !== undefined) {
        taken.resolve(undefined);
        taken = Promise.withResolvers();
        yield item;
        continue;
      }
      if (running === 0 || failure !== undefined) break;
      given = Promise.withResolvers();
      await given.promise;
    }
  } finally {
    stop.abort(new Error('Nobody reads any more.'));
    await Promise.all(ends);
    stopping.removeEventListener('abort', wake);
  }
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
