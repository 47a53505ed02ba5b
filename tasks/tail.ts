import type { OutputTail } from '../workflows/contract/task.ts';

/** Of each of stdout and stderr: both, and a few of them, fit into a history with ease. */
export const tailBytes = 8192;

export interface Tail {
  readonly add: (chunk: Buffer) => void;
  readonly read: () => OutputTail;
}

/** Keeps the last bytes of an output, and counts all of them. */
export function createTail(): Tail {
  let kept: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return {
    add(chunk) {
      bytes += chunk.length;
      // A copy, so that no chunk that a stream has shared out is held.
      kept = Buffer.concat([kept, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    },
    read: () => ({ text: text(kept, bytes > kept.length), bytes, cut: bytes > kept.length }),
  };
}

/** Where the beginning is cut off, it may begin within a character. */
function text(kept: Buffer, cut: boolean): string {
  let start = 0;
  while (cut && start < 3 && ((kept[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return kept.toString('utf8', start);
}
