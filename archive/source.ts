import type { ByteSource } from './archive.ts';
import type { Refusal } from './refusal.ts';

/** A range of a stored object: exactly as many bytes as asked for, or a refusal. */
export async function* readRange(
  source: ByteSource,
  start: number,
  end: number,
  refuse: Refusal,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  yield* exactly(abortable(source({ start, end }), signal), end - start, refuse);
}

/** The whole object, which must have exactly that many bytes: more are refused as well as fewer. */
export async function* readWhole(
  source: ByteSource,
  bytes: number,
  refuse: Refusal,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  yield* exactly(abortable(source(), signal), bytes, refuse);
}

async function* exactly(
  stream: AsyncIterable<Buffer>,
  bytes: number,
  refuse: Refusal,
): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const chunk of stream) {
    seen += chunk.length;
    if (seen > bytes) throw refuse(`has more bytes than it should: ${bytes} are expected here`);
    yield chunk;
  }
  if (seen < bytes) throw refuse(`ends early: ${seen} of ${bytes} bytes are there`);
}

/** Ends by the signal's reason also while the stream keeps silent, and lets go of the stream. */
async function* abortable<Item>(stream: AsyncIterable<Item>, signal?: AbortSignal): AsyncGenerator<Item> {
  const iterator = stream[Symbol.asyncIterator]();
  let silent = false;
  try {
    for (;;) {
      silent = true;
      const step = await unlessAborted(iterator.next(), signal);
      silent = false;
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    const ended = iterator.return?.();
    // A stream that answers nothing does not answer `return` either: nobody waits for it.
    if (silent) ended?.catch(() => undefined);
    else await ended;
  }
}

function unlessAborted<Value>(promise: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise<Value>((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** All bytes of a stream in one buffer. */
export async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a stream to its end, for the sake of the checks on the way. */
export async function drain(stream: AsyncGenerator<Buffer>): Promise<void> {
  while ((await stream.next()).done !== true);
}
