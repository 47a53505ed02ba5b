/**
 * Sends batches over several lanes at once. The first error stops all lanes and is thrown when they have stopped:
 * nothing may be told of a write after the end. `createSender` gets the signal that stops them.
 */
export async function sendInLanes<Batch>(
  batches: AsyncGenerator<Batch>,
  lanes: number,
  signal: AbortSignal,
  createSender: (signal: AbortSignal) => (batch: Batch) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);
  const send = createSender(stopping);

  async function lane(): Promise<void> {
    try {
      for (;;) {
        stopping.throwIfAborted();
        // An async generator serves its callers one after the other.
        const next = await batches.next();
        if (next.done === true) return;
        await send(next.value);
      }
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await batches.return(undefined);
  signal.throwIfAborted();
  if (ends.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
}
