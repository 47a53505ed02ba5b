import { endOfValue, NotMessagePack } from './msgpack.ts';

/** Takes one message of `state.bin`: its type (agent/structs/structs.go, `MessageType`) and its value, a view. */
export type OnMessage = (type: number, value: Buffer) => void;

/**
 * Reads `state.bin`: a header, and behind it messages, each a byte of its type and one value of MessagePack, cut
 * anywhere. Memory is that of one message.
 */
export interface StateReader {
  take(bytes: Buffer): void;
  end(): void;
}

export function createStateReader(onMessage: OnMessage, refuse: (what: string) => Error): StateReader {
  let pieces: Buffer[] = [];
  let held = 0;
  /** So many bytes are there before it is worth while to look again. */
  let wanted = 1;
  /** The header of the state has no type before it. */
  let type: number | undefined = -1;

  function read(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const start = type === undefined ? at + 1 : at;
      if (start > bytes.length || at === bytes.length) {
        wanted = 1;
        return at;
      }
      const end = endOfValue(bytes, start);
      if (end < 0) {
        // Twice as much as there is: a large value of many small ones is not walked through for every piece that comes.
        wanted = Math.max(-end - at, Math.min(2 * (bytes.length - at), bytes.length - at + mostExtra));
        return at;
      }
      if (type === undefined) onMessage(bytes[at] ?? 0, bytes.subarray(start, end));
      type = undefined;
      at = end;
    }
  }

  function look(): void {
    const [first] = pieces;
    const bytes = first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
    const rest = bytes.subarray(readSafely(bytes));
    pieces = rest.length > 0 ? [rest] : [];
    held = rest.length;
  }

  function readSafely(bytes: Buffer): number {
    try {
      return read(bytes);
    } catch (error) {
      throw error instanceof NotMessagePack ? refuse(`is not what Consul writes: ${error.message}`) : error;
    }
  }

  return {
    take(bytes) {
      pieces.push(bytes);
      held += bytes.length;
      if (held >= wanted) look();
    },
    end() {
      if (held > 0) look();
      if (held > 0 || type !== undefined) throw refuse('ends in the middle of a message');
    },
  };
}

const mostExtra = 1 << 20;
