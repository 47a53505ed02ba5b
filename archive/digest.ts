import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Answer, Task } from './hash-thread.ts';

/** A running SHA-256. Of more than a few bytes it is computed in another thread. */
export interface Digest {
  /** Copies the bytes. Waits where the thread is behind. Not before the last `update` has ended. */
  update(bytes: Buffer): Promise<void>;
  /** In hex, of all bytes. Nothing may follow. */
  hex(): Promise<string>;
}

const slotBytes = 1 << 19;
/** So much of a stream is copied and not hashed yet, at most. A stream that ends in the first slot needs no thread. */
const slotCount = 3;

/**
 * Slots of streams that have ended. The thread holds those that it was ever sent until it collects garbage, which it
 * seldom does: with new ones for each stream a worker would grow by 26 MB with each restore.
 */
const unused: Buffer<SharedArrayBuffer>[] = [];

export function createDigest(): Digest {
  const slots: Buffer<SharedArrayBuffer>[] = [];
  /** One for each slot: when the thread has read it. */
  const read: Promise<unknown>[] = [];
  let turn = 0;
  let filled = 0;
  let stream: Stream | undefined;

  function slot(): Buffer<SharedArrayBuffer> {
    return (slots[turn % slotCount] ??= unused.pop() ?? Buffer.from(new SharedArrayBuffer(slotBytes)));
  }

  const digest: Digest = {
    async update(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (filled === slotBytes) {
          stream ??= openStream(digest);
          read[turn % slotCount] = stream.send(slot(), 'more');
          turn++;
          filled = 0;
          await read[turn % slotCount];
        }
        const copied = bytes.copy(slot(), filled, at);
        at += copied;
        filled += copied;
      }
    },
    async hex() {
      const rest = slot().subarray(0, filled);
      const hex =
        stream === undefined
          ? createHash('sha256').update(rest).digest('hex')
          : ((await stream.send(rest, 'end')) ?? '');
      unused.push(...slots.splice(0));
      return hex;
    },
  };
  return digest;
}

interface Stream {
  /** Ends when the thread has read the bytes. */
  send(bytes: Buffer<SharedArrayBuffer>, then: 'more' | 'end'): Promise<string | undefined>;
}

type Waiting = PromiseWithResolvers<string | undefined>;

interface Thread {
  readonly worker: Worker;
  /** By stream, in the order in which its tasks were sent. */
  readonly waiting: Map<number, Waiting[]>;
}

/** What is read back is hashed twice, as stored and as plain bytes: each has a thread, or one would hold both up. */
const threads: (Thread | undefined)[] = [undefined, undefined];
let streams = 0;
const dropped = new FinalizationRegistry((drop: () => void) => drop());

/** @param owner the stream is dropped when nobody holds it any more, as after a transfer that broke off. */
function openStream(owner: Digest): Stream {
  const stream = ++streams;
  const { worker, waiting } = (threads[stream % threads.length] ??= startThread());
  const post = (task: Task) => worker.postMessage(task);
  dropped.register(owner, () =>
    post({ stream, bytes: new Uint8Array(new SharedArrayBuffer(0)), then: 'drop' }),
  );
  return {
    send(bytes, then) {
      const sent = Promise.withResolvers<string | undefined>();
      // It fails for whoever waits for it; most are never waited for.
      sent.promise.catch(() => undefined);
      const before = waiting.get(stream);
      if (before === undefined) waiting.set(stream, [sent]);
      else before.push(sent);
      // Only what is waited for keeps the process.
      worker.ref();
      post({ stream, bytes, then });
      return sent.promise;
    },
  };
}

function startThread(): Thread {
  const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), {
    name: 'hash',
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 },
  });
  const waiting = new Map<number, Waiting[]>();
  worker.on('message', ({ stream, digest }: Answer) => {
    const sent = waiting.get(stream) ?? [];
    sent.shift()?.resolve(digest);
    if (sent.length === 0) waiting.delete(stream);
    if (waiting.size === 0) worker.unref();
  });
  const started: Thread = { worker, waiting };
  const fail = (error: Error): void => {
    const at = threads.indexOf(started);
    if (at !== -1) threads[at] = undefined;
    for (const { reject } of [...waiting.values()].flat()) reject(error);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`The thread that hashes ended (exit code ${code}).`)));
  return started;
}
