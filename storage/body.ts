/**
 * The chunks of a body until it ends or the signal fires, even where the body hangs. A body that is not read to its
 * end is told so (`return`), without waiting for its answer.
 */
export async function* chunksUntil(
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  signal.throwIfAborted();
  const iterator = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await nextUntil(iterator, signal);
      ended = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    if (!ended) iterator.return?.().catch(() => undefined);
  }
}

function nextUntil(
  iterator: AsyncIterator<Buffer, unknown>,
  signal: AbortSignal,
): Promise<IteratorResult<Buffer, unknown>> {
  // Not Promise.race: it would keep one reaction per chunk on the promise of the abort until that settles.
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Buffer, unknown>>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  else iterator.next().then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', abort));
}

/** A body of one chunk. */
// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for, but a body is asynchronous
export async function* bodyOf(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}
