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
  readonly plan: AsyncIterable<PlanLine>;
  /** Backup, live records and mapping as in `planWrites`; `live` is a new reading. */
  readonly backup: RecordBatches;
  readonly live: RecordBatches;
  readonly mapKey: KeyMapping;
  /** Told of every write that need not or must not be sent: `already` or `conflict`. */
  readonly onOutcome: WriteOptions['onOutcome'];
}

const batchWrites = 512;
const batchBytes = 256 * 1024;

/**
 * What is left to do of a plan, ready for `KeyStore.write`: a first attempt gets all of it, an attempt after a crash
 * only what the one before did not reach. A key that is as wanted is `already`; one whose index is no longer the one
 * that the plan saw is a `conflict`; lines that the plan refused are passed over. Memory is one batch of each source.
 */
export async function* pendingWrites(sources: PendingSources): AsyncGenerator<readonly Write[]> {
  const backup = createCursor(mapRecords(sources.backup, sources.mapKey), 'The backup', 'ArchiveCorrupt');
  const live = createCursor(sources.live, 'The store', 'StreamBroken');
  let batch: Write[] = [];
  let bytes = 0;
  try {
    for await (const line of sources.plan) {
      if (line.op === 'refuse') continue;
      const key = keyOfLine(line);
      const wanted = line.op === 'remove' ? undefined : await advanceTo(backup, key);
      const found = await advanceTo(live, key);
      const write = writeOf(line, key, wanted);
      const settled = settledBefore(wanted, found, line.seen);
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
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all([backup.close(), live.close()]);
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

/** The record of exactly this key, or `undefined`. */
async function advanceTo(cursor: Cursor, key: Buffer): Promise<KeyRecord | undefined> {
  for (;;) {
    if (cursor.needsLoad) await cursor.load();
    const record = cursor.record;
    if (record === undefined) return undefined;
    const order = Buffer.compare(record.key, key);
    if (order === 0) return record;
    if (order > 0) return undefined;
    cursor.advance();
  }
}
