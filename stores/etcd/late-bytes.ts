/** Collects spans of a stream of pages that lie further on than where they are asked for. */
export interface LateBytes {
  /** Asks for the bytes from `start` to before `end` (offsets in the stream), not before the page at hand. */
  ask(start: number, end: number, then: (bytes: Buffer) => void): void;
  /** Takes the next page, before it is looked at. */
  pass(id: number, page: Buffer): void;
}

interface Wanted {
  readonly start: number;
  readonly bytes: Buffer;
  readonly then: (bytes: Buffer) => void;
}

export function createLateBytes(pageSize: number): LateBytes {
  const due = new Map<number, Wanted[]>();
  let current: { readonly id: number; readonly page: Buffer } | undefined;

  function wait(id: number, wanted: Wanted): void {
    const others = due.get(id);
    if (others === undefined) due.set(id, [wanted]);
    else others.push(wanted);
  }

  function copy(wanted: Wanted, id: number, page: Buffer): void {
    const { start, bytes, then } = wanted;
    const pageStart = id * pageSize;
    const from = Math.max(start, pageStart);
    page.copy(bytes, from - start, from - pageStart);
    if (start + bytes.length > pageStart + pageSize) wait(id + 1, wanted);
    else then(bytes);
  }

  return {
    ask(start, end, then) {
      const wanted = { start, bytes: Buffer.alloc(end - start), then };
      const first = Math.floor(start / pageSize);
      if (current?.id === first) copy(wanted, first, current.page);
      else wait(first, wanted);
    },
    pass(id, page) {
      current = { id, page };
      const now = due.get(id);
      if (now === undefined) return;
      due.delete(id);
      for (const wanted of now) copy(wanted, id, page);
    },
  };
}
