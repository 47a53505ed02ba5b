/**
 * Frees the memory of a buffer that nobody reads or writes any more, instead of leaving it to garbage collection: V8
 * marks its whole heap for every few megabytes of such memory. All buffers that share it are empty afterwards. Memory
 * that Node shares among small buffers, or that threads share, is left alone.
 */
export function free({ buffer }: { readonly buffer: ArrayBufferLike }): void {
  if (!('transfer' in buffer)) return;
  try {
    buffer.transfer(0);
  } catch {
    // Node marks the memory of small buffers as not to be transferred.
  }
}

/** Hands chunks on, and frees each when the next one is asked for. Chunks that share memory must be neighbours. */
export async function* freedInTurn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let before: Buffer | undefined;
  for await (const chunk of chunks) {
    if (before !== undefined && before.buffer !== chunk.buffer) free(before);
    before = chunk;
    yield chunk;
  }
  if (before !== undefined) free(before);
}
