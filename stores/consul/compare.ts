import { compareRecords, type Difference } from '../difference.ts';
import type { WholeCount } from '../../workflows/contract/restore.ts';
import type { FileFacts } from './file/check.ts';
import { readFile } from './file/read.ts';
import { compareThings, createInventory, type Inventory, type ThingDifference } from './inventory.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { seenIndex } from '../store.ts';

/** One snapshot, which is read once. */
export interface WholeSide {
  readonly records: AsyncIterable<readonly KeyRecord[]>;
  readonly source: string;
  /** Both are complete once `records` has ended. */
  readonly inventory: Inventory;
  readonly facts: () => FileFacts;
}

export function createWholeSide(bytes: AsyncIterable<Buffer>, source: string): WholeSide {
  const inventory = createInventory();
  return { source, inventory, ...readFile(bytes, source, inventory) };
}

/** What it takes to make the living Consul like the backup: of one key, or of one thing. */
export type WholeItem =
  | { readonly op: ThingDifference['op']; readonly key: Buffer; readonly seen: string }
  | (ThingDifference & { readonly key?: undefined });

export interface WholeComparison {
  /** First the keys, in their order, then the things; in batches, each of which may be read until the next one. */
  readonly items: AsyncIterable<readonly WholeItem[]>;
  /** Complete once `items` has ended. */
  readonly result: () => {
    readonly equal: number;
    readonly counts: readonly WholeCount[];
    readonly liveIndex: string;
    readonly backup: Inventory;
  };
}

export function compareWhole(live: WholeSide, backup: WholeSide, onEnd: () => void): WholeComparison {
  const comparing = compareRecords(
    { records: live.records, source: live.source, disorder: 'StreamBroken' },
    { records: backup.records, source: backup.source, disorder: 'ArchiveCorrupt' },
    '',
  );
  const things = () => compareThings(live.inventory.things, backup.inventory.things);

  async function* items(): AsyncGenerator<readonly WholeItem[]> {
    try {
      for await (const batch of comparing.differences) yield batch.map(itemOf);
      yield things().differences;
    } finally {
      onEnd();
    }
  }

  return {
    items: items(),
    result: () => ({
      equal: comparing.counts().equal + things().equal,
      counts: countsOf(live.facts(), backup.facts()),
      liveIndex: live.facts().index,
      backup: backup.inventory,
    }),
  };
}

function itemOf(difference: Difference): WholeItem {
  switch (difference.op) {
    case 'added':
      return { op: 'add', key: difference.after.key, seen: '0' };
    case 'changed':
      return { op: 'change', key: difference.after.key, seen: seenIndex(difference.before) };
    case 'removed':
      return { op: 'remove', key: difference.before.key, seen: seenIndex(difference.before) };
  }
}

function countsOf({ counts: live }: FileFacts, { counts: backup }: FileFacts): readonly WholeCount[] {
  const kinds = [...new Set([...Object.keys(backup), ...Object.keys(live)])].sort();
  return kinds.map((kind) => ({ kind, live: live[kind] ?? 0, backup: backup[kind] ?? 0 }));
}
