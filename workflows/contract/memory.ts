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

/** For so few bytes that a call would take longer than copying them one by one. @returns how many */
export function copyFew(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  for (let next = start; next < end; next++) to[at + next - start] = from[next] ?? 0;
  return end - start;
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

/** What of a stream of Node (`Readable`) is needed to read it. */
interface Flowing {
  on(event: 'data', listener: (piece: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
}

/** So many pieces wait at most, but for those that one read from a socket brings. */
const mostWaiting = 8;

/**
 * The pieces of a stream as they came, each freed when the next one is asked for. Where several wait, the iterator of
 * Node joins them in new memory, and the pieces are left to garbage collection.
 */
export function piecesOf(stream: Flowing): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  let ended = false;
  let failure: Error | undefined;
  let moved = Promise.withResolvers<undefined>();
  stream.on('data', (piece) => {
    if (waiting.push(piece) >= mostWaiting) stream.pause();
    moved.resolve(undefined);
  });
  stream.on('end', () => {
    ended = true;
    moved.resolve(undefined);
  });
  stream.on('error', (error) => {
    failure ??= error;
    moved.resolve(undefined);
  });
  stream.on('close', () => {
    if (!ended) failure ??= closedEarly();
    moved.resolve(undefined);
  });

  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) yield piece;
        if (failure !== undefined) throw failure;
        if (ended) return;
        moved = Promise.withResolvers<undefined>();
        stream.resume();
        await moved.promise;
      }
    } finally {
      stream.destroy();
    }
  }
  return freedInTurn(pieces());
}

/** As Node's own iterator says it. */
function closedEarly(): Error {
  return Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
