import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import type { PlanLine } from '../workflows/contract/restore.ts';
import { createCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { mapRecords, sameContent } from './mapping.ts';
import type { KeyMapping } from './mapping.ts';
import { keyOfLine } from './plan-line.ts';
import { lockReason } from './plan.ts';
import { seenIndex } from './store.ts';
import type { Write, WriteOptions } from './store.ts';

export interface PendingSources {
  /** The lines of the stored plan, in ascending order of key. */
  readonly plan: AsyncIterable<readonly PlanLine[]>;
  /** Backup and mapping as in `planWrites`. */
  readonly backup: RecordBatches;
  /** A new reading of the store, for an attempt after one that may have written. */
  readonly live: RecordBatches | undefined;
  readonly mapKey: KeyMapping;
  /** Told of every write that need not or must not be sent: `already` or `conflict`. */
  readonly onOutcome: WriteOptions['onOutcome'];
}

const batchWrites = 512;
const batchBytes = 256 * 1024;

/**
 * What is left to do of a plan, ready for `KeyStore.write`: without `live` all of it, since the guards find out what
 * has changed; with it what an attempt before did not reach. There, a key that is as wanted is `already`, and one whose
 * index is no longer the one that the plan saw is a `conflict`. Lines that the plan refused are passed over. Memory is
 * one batch of each source.
 */
export async function* pendingWrites(sources: PendingSources): AsyncGenerator<readonly Write[]> {
  const backup = createCursor(mapRecords(sources.backup, sources.mapKey), 'The backup', 'ArchiveCorrupt');
  const live = sources.live && createCursor(sources.live, 'The store', 'StreamBroken');
  let batch: Write[] = [];
  let bytes = 0;
  try {
    for await (const lines of sources.plan) {
      for (const line of lines) {
        if (line.op === 'refuse') continue;
        const key = keyOfLine(line);
        // Not one promise for each of millions of keys.
        while (!advanceTo(backup, key)) await backup.load();
        while (live !== undefined && !advanceTo(live, key)) await live.load();
        const wanted = line.op === 'remove' ? undefined : recordOf(backup, key);
        const write = writeOf(line, key, wanted);
        const settled = live && settledBefore(wanted, recordOf(live, key), line.seen);
        if (settled !== undefined) {
          sources.onOutcome(write, settled.outcome, settled.reason);
          continue;
        }
        batch.push(write);
        bytes += key.length + (wanted?.value?.length ?? 0);
        if (batch.length >= batchWrites || bytes >= batchBytes) {
          yield batch;
          batch = [];
          bytes = 0;
        }
      }
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all([backup.close(), live?.close()]);
  }
}

function writeOf(line: PlanLine, key: Buffer, wanted: KeyRecord | undefined): Write {
  if (line.op === 'remove') return { op: 'delete', key, seen: line.seen };
  if (wanted === undefined) {
    const name = JSON.stringify(key.toString());
    throw new HoldfastError('ArchiveCorrupt', `The plan names key ${name}, and the backup does not have it.`);
  }
  return { op: 'set', record: wanted, seen: line.seen };
}

interface Settled {
  readonly outcome: 'already' | 'conflict';
  readonly reason?: string;
}

/** `wanted` is undefined for a removal, `found` where the store has no such key. */
function settledBefore(
  wanted: KeyRecord | undefined,
  found: KeyRecord | undefined,
  seen: string,
): Settled | undefined {
  if (found === undefined) {
    if (wanted === undefined) return { outcome: 'already' };
    return seen === '0' ? undefined : { outcome: 'conflict', reason: 'removed since the plan' };
  }
  if (wanted !== undefined && sameContent(wanted, found)) return { outcome: 'already' };
  if (seenIndex(found) !== seen) {
    return { outcome: 'conflict', reason: seen === '0' ? 'added since the plan' : 'changed since the plan' };
  }
  const reason = lockReason(found);
  return reason === undefined ? undefined : { outcome: 'conflict', reason };
}

/** Goes to the first record that is not before the key; false where a batch must be loaded for that. */
function advanceTo(cursor: Cursor, key: Buffer): boolean {
  while (!cursor.needsLoad) {
    const { record } = cursor;
    if (record === undefined || Buffer.compare(record.key, key) >= 0) return true;
    cursor.advance();
  }
  return false;
}

/** The record of exactly this key, if the cursor stands at it. */
function recordOf({ record }: Cursor, key: Buffer): KeyRecord | undefined {
  return record?.key.equals(key) === true ? record : undefined;
}
