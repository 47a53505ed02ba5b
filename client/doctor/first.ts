/** Asks for the first piece of a stream, and lets go of the rest. */
export async function readFirst(stream: AsyncIterable<unknown>): Promise<void> {
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}
