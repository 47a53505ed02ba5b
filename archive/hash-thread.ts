import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** What digest.ts sends: the next bytes of a stream of its own number, in memory that both threads see. */
export interface Task {
  readonly stream: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** `more` may follow; `end`: the digest is asked for; `drop`: nobody wants it any more. */
  readonly then: 'more' | 'end' | 'drop';
}

/** Sent for every task but a `drop`, in their order: the bytes may be written over. */
export interface Answer {
  readonly stream: number;
  /** SHA-256 in hex, where it was asked for. */
  readonly digest?: string;
}

const hashes = new Map<number, Hash>();
parentPort?.on('message', ({ stream, bytes, then }: Task) => {
  const hash = hashes.get(stream) ?? createHash('sha256');
  if (then === 'more') hashes.set(stream, hash);
  else hashes.delete(stream);
  if (then === 'drop') return;
  hash.update(bytes);
  const answer: Answer = then === 'end' ? { stream, digest: hash.digest('hex') } : { stream };
  parentPort?.postMessage(answer);
});
