import type { Write } from '../store.ts';
import { requestOverhead, writeBytes } from './limits.ts';
import type { Limits } from './limits.ts';

/** Fills transactions up to the limits, which are read anew for each. Writes for which `refuse` holds are left out. */
export async function* batchesOf(
  writes: AsyncIterable<readonly Write[]>,
  limits: Limits,
  refuse: (write: Write) => boolean,
): AsyncGenerator<readonly Write[], undefined> {
  const filling = createFilling(limits);
  for await (const some of writes) {
    for (const write of some) {
      if (refuse(write)) continue;
      const full = filling.add(write);
      if (full.length > 0) yield full;
    }
  }
  const last = filling.take();
  if (last.length > 0) yield last;
}

/** The writes of a transaction that was too large, as more than one that fits the limits known now. */
export function splitWrites(writes: readonly Write[], limits: Limits): readonly (readonly Write[])[] {
  const filling = createFilling(limits);
  const parts = writes.map((write) => filling.add(write)).filter((full) => full.length > 0);
  const rest = filling.take();
  if (parts.length > 0) return [...parts, rest];
  const half = Math.ceil(writes.length / 2);
  return [writes.slice(0, half), writes.slice(half)];
}

function createFilling(limits: Limits) {
  let writes: Write[] = [];
  let bytes = requestOverhead;
  // etcd refuses a transaction that writes a key twice.
  let keys = new Set<string>();

  function take(): readonly Write[] {
    const taken = writes;
    writes = [];
    bytes = requestOverhead;
    keys = new Set();
    return taken;
  }

  /** Adds a write. Gives those before it where there is no more room for it, else none. */
  function add(write: Write): readonly Write[] {
    const key = keyOf(write);
    const name = key.toString('latin1');
    const size = writeBytes(key, write.op === 'set' ? write.record.value : null);
    const fits = writes.length < limits.operations && bytes + size <= limits.body && !keys.has(name);
    const full = fits ? [] : take();
    writes.push(write);
    bytes += size;
    keys.add(name);
    return full;
  }

  return { add, take };
}

export function keyOf(write: Write): Buffer {
  return write.op === 'set' ? write.record.key : write.key;
}
