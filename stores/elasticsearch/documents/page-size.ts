/** How many documents the next page asks for. */
export interface PageSize {
  readonly current: number;
  /** Learns of a page. */
  saw(documents: number, bytes: number): void;
  /** After a page that was too much for the server or for us. False where it was of one document already. */
  shrink(): boolean;
}

/** Bytes of a page: enough that requests cost little, few enough for the heap of a small node. */
const target = 4 << 20;
const first = 10;
/** A page grows at most so many times: behind small documents, large ones may come. */
const growth = 4;

/** @param most documents that may be asked for */
export function createPageSize(most: number): PageSize {
  let current = Math.min(first, most);
  return {
    get current() {
      return current;
    },
    saw(documents, bytes) {
      if (documents === 0) return;
      const fitting = Math.floor((target * documents) / Math.max(bytes, 1));
      current = Math.max(1, Math.min(fitting, growth * current, most));
    },
    shrink() {
      if (current === 1) return false;
      current = Math.max(1, current >> 2);
      return true;
    },
  };
}
