import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import type { Plan, PlanLine, RestoreMode } from '../workflows/contract/restore.ts';
import { createCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { mapRecords, sameContent } from './mapping.ts';
import type { KeyMapping } from './mapping.ts';
import { keyLine } from './plan-line.ts';
import { seenIndex } from './store.ts';

export interface PlanSources {
  /** The records of the backup; only those under `mapKey.from` are taken. */
  readonly backup: RecordBatches;
  /** The live records under `mapKey.to`: one moment. */
  readonly live: RecordBatches;
  readonly mode: RestoreMode;
  readonly mapKey: KeyMapping;
  /** Why a record cannot be written: `KeyStore.refusal`. */
  readonly refusal: (record: KeyRecord) => string | undefined;
}

/** One step of a plan. `seen` is the live key's index that guards the write, `0` where there is no such key. */
export type PlanItem =
  | { readonly op: 'add' | 'change'; readonly key: Buffer; readonly seen: string; readonly record: KeyRecord }
  | { readonly op: 'remove'; readonly key: Buffer; readonly seen: string }
  | {
      readonly op: 'refuse';
      readonly key: Buffer;
      readonly seen: string;
      readonly reason: string;
      /** Absent where a removal is refused. */
      readonly record?: KeyRecord;
    };

export type PlanCounts = Pick<Plan, 'add' | 'change' | 'remove' | 'refused' | 'equal' | 'keep'>;

export interface Planning {
  /**
   * In ascending order of key, in batches, each of which may be read until the next one is asked for. Both sources are closed at its end, also where the
   * consumer stops early.
   */
  readonly items: AsyncIterable<readonly PlanItem[]>;
  /** Complete once `items` has ended. */
  readonly counts: () => PlanCounts;
}

type Step = PlanItem | 'equal' | 'keep';

/** Merges backup and live store, both sorted, in step: what a restore would do. Memory is one batch of each. */
export function planWrites(sources: PlanSources): Planning {
  const counts = { add: 0, change: 0, remove: 0, refused: 0, equal: 0, keep: 0 };

  async function* items(): AsyncGenerator<readonly PlanItem[]> {
    const backup = createCursor(mapRecords(sources.backup, sources.mapKey), 'The backup', 'ArchiveCorrupt');
    const live = createCursor(sources.live, 'The store', 'StreamBroken');
    let batch: PlanItem[] = [];
    try {
      for (;;) {
        if (backup.needsLoad || live.needsLoad) {
          if (batch.length > 0) yield batch;
          batch = [];
          await Promise.all([backup.load(), live.load()]);
        }
        const step = nextStep(backup, live, sources);
        if (step === undefined) break;
        if (typeof step === 'string') {
          counts[step]++;
        } else {
          counts[step.op === 'refuse' ? 'refused' : step.op]++;
          batch.push(step);
        }
      }
      if (batch.length > 0) yield batch;
    } finally {
      await Promise.all([backup.close(), live.close()]);
    }
  }

  return { items: items(), counts: () => ({ ...counts }) };
}

function nextStep(backup: Cursor, live: Cursor, sources: PlanSources): Step | undefined {
  const wanted = backup.record;
  const found = live.record;
  if (wanted === undefined && found === undefined) return undefined;

  const order = compareKeys(wanted, found);
  if (order <= 0) backup.advance();
  if (order >= 0) live.advance();

  if (wanted !== undefined && order < 0) return addition(wanted, sources);
  if (found !== undefined && order > 0) return surplus(found, sources.mode);
  if (wanted !== undefined && found !== undefined) return difference(wanted, found, sources);
  return undefined;
}

function addition(wanted: KeyRecord, { refusal }: PlanSources): Step {
  const { key } = wanted;
  const reason = refusal(wanted);
  if (reason !== undefined) return { op: 'refuse', key, seen: '0', reason, record: wanted };
  return { op: 'add', key, seen: '0', record: wanted };
}

function difference(wanted: KeyRecord, found: KeyRecord, { mode, refusal }: PlanSources): Step {
  if (sameContent(wanted, found)) return 'equal';
  if (mode === 'missing-only') return 'keep';
  const { key } = wanted;
  const seen = seenIndex(found);
  const reason = refusal(wanted) ?? lockReason(found);
  if (reason !== undefined) return { op: 'refuse', key, seen, reason, record: wanted };
  return { op: 'change', key, seen, record: wanted };
}

function surplus(found: KeyRecord, mode: RestoreMode): Step {
  if (mode !== 'mirror') return 'keep';
  const { key } = found;
  const seen = seenIndex(found);
  const reason = lockReason(found);
  if (reason !== undefined) return { op: 'refuse', key, seen, reason };
  return { op: 'remove', key, seen };
}

/** A lock belongs to a living process that trusts it; a restore reports it and never steals it. */
export function lockReason(found: KeyRecord): string | undefined {
  const session = found.meta.session;
  return session === undefined ? undefined : `locked by session ${session}`;
}

/** The end of a source comes after every key. */
function compareKeys(one: KeyRecord | undefined, other: KeyRecord | undefined): number {
  if (one === undefined) return 1;
  if (other === undefined) return -1;
  return Buffer.compare(one.key, other.key);
}

/** A step as one line of the stored plan. */
export function planLine(item: PlanItem): PlanLine {
  const line = { op: item.op, ...keyLine(item.key), seen: item.seen };
  return item.op === 'refuse' ? { ...line, reason: item.reason } : line;
}
