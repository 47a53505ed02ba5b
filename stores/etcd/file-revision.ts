import { type BucketName, type Note, type PageNotes, bucketNames } from './page-notes.ts';
import { compactionsIn, createPageNotes, lastRevisionIn } from './page-notes.ts';
import { bucketHeaderSize, metaEnd, parseMeta, parseNode } from './pages.ts';
import type { Meta } from './pages.ts';

/**
 * Finds the revision of a database that streams by, without a second look at it and without a file: eight bytes of
 * each page are kept. It is the one that a server started from the file would have: the last revision in the bucket
 * `key`, or the last compaction where the keys behind that are gone.
 */
export interface RevisionFinder {
  /** Takes the next bytes, whatever their number. */
  take(bytes: Buffer): void;
  /** After the last bytes. */
  found(): Found;
}

export type Found =
  | {
      readonly revision: bigint;
      /** Up to which keys are compacted; -1: never. */
      readonly compacted: bigint;
      readonly problem?: undefined;
    }
  | { readonly revision?: undefined; readonly problem: string };

/** A tree of bbolt with 2^48 pages has no more levels. */
const mostLevels = 64;

export function createRevisionFinder(): RevisionFinder {
  const metas: Meta[] = [];
  let pageSize: number | undefined;
  let notes: PageNotes | undefined;
  let waiting: Buffer = Buffer.alloc(0);
  let id = 0;

  function takePage(page: Buffer): void {
    if (id < 2) {
      const meta = parseMeta(page);
      if (meta !== undefined) metas.push(meta);
    } else {
      notes?.take(id, page);
    }
    id += 1;
  }

  return {
    take(bytes) {
      let at = 0;
      if (waiting.length > 0 || pageSize === undefined) {
        const joined = Buffer.concat([waiting, bytes]);
        if (pageSize === undefined) {
          if (joined.length < metaEnd) {
            waiting = joined;
            return;
          }
          pageSize = checkedSize(parseMeta(joined)?.pageSize);
          if (pageSize > 0) notes = createPageNotes(pageSize);
        }
        waiting = Buffer.alloc(0);
        bytes = joined;
      }
      if (pageSize === 0) return;
      for (; at + pageSize <= bytes.length; at += pageSize) takePage(bytes.subarray(at, at + pageSize));
      if (at < bytes.length) waiting = Buffer.from(bytes.subarray(at));
    },
    found() {
      const [meta] = metas.toSorted((a, b) => Number(b.transaction - a.transaction));
      if (meta === undefined || notes === undefined) return { problem: 'it has no valid meta page' };
      if (waiting.length > 0) return { problem: 'it does not end with a whole page' };
      return walk(notes, meta.root);
    },
  };
}

/** bbolt takes the page size of the machine; 0: none that can be. */
function checkedSize(size: number | undefined): number {
  if (size === undefined || size < 512 || size > 1 << 20 || (size & (size - 1)) !== 0) return 0;
  return size;
}

function walk(notes: PageNotes, root: number): Found {
  const [last, compacted] = bucketNames.map((name) => {
    const value = bucketValue(notes, root, name);
    if (value === undefined) return undefined;
    return name === 'key' ? lastRevision(notes, value) : compactions(notes, value);
  });
  if (last === undefined) return { problem: 'the last revision of its keys cannot be found' };
  if (compacted === undefined) return { problem: 'its compaction cannot be found' };
  const latest = greatest(compacted, -1n);
  return { revision: greatest([...last, latest], 1n), compacted: latest };
}

function greatest(revisions: readonly bigint[], least: bigint): bigint {
  return revisions.reduce((max, next) => (next > max ? next : max), least);
}

/** A bucket's page and, where it is small, its content. */
function bucketValue(notes: PageNotes, root: number, name: BucketName): Buffer | undefined {
  const leaf = leafBelow(notes, root, name);
  const value = leaf === undefined ? undefined : notes.bucketsOf(leaf.id)?.[name];
  return value !== undefined && value.length >= bucketHeaderSize ? value : undefined;
}

function lastRevision(notes: PageNotes, value: Buffer): readonly bigint[] | undefined {
  const root = Number(value.readBigUInt64LE(0));
  if (root === 0) {
    const page = value.subarray(bucketHeaderSize);
    const node = parseNode(page, 0);
    if (node === undefined) return undefined;
    if (node.count === 0) return [];
    const revision = lastRevisionIn(page, node.count);
    return revision === undefined ? undefined : [revision];
  }
  const note = leafBelow(notes, root, 'key')?.note;
  if (note?.kind === 'revision') return [note.revision];
  return note?.kind === 'empty' ? [] : undefined;
}

function compactions(notes: PageNotes, value: Buffer): readonly bigint[] | undefined {
  const root = Number(value.readBigUInt64LE(0));
  if (root !== 0) return notes.compactionsOf(root) ?? [];
  const page = value.subarray(bucketHeaderSize);
  const node = parseNode(page, 0);
  return node && compactionsIn(page, node.count);
}

function leafBelow(
  notes: PageNotes,
  root: number,
  name: BucketName,
): { readonly id: number; readonly note: Note | undefined } | undefined {
  let id = root;
  for (let level = 0; level < mostLevels; level++) {
    const note = notes.noteOf(id, name);
    if (note?.kind !== 'child') return { id, note };
    id = note.page;
  }
  return undefined;
}
