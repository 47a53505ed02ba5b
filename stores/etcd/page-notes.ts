import { createLateBytes } from './late-bytes.ts';
import { branchElement, leafElement, parseNode } from './pages.ts';
import type { Node } from './pages.ts';
import { revisionBytes, revisionIn } from './revision-key.ts';

/** The buckets of etcd that tell its revision. */
export const bucketNames = ['key', 'meta'] as const;
export type BucketName = (typeof bucketNames)[number];

/** What is remembered of one page: enough to walk, once all have passed, from the root to the last revision. */
export type Note =
  | { readonly kind: 'child'; readonly page: number }
  | { readonly kind: 'revision'; readonly revision: bigint }
  /** A leaf without elements. */
  | { readonly kind: 'empty' };

/** The values of the two buckets, as far as a leaf holds them. */
export type Buckets = Readonly<Partial<Record<BucketName, Buffer>>>;

/**
 * Remembers eight bytes of each page of a database that streams by, since a page may come before or after those that
 * point to it. Free pages may hold anything, also old nodes: they are noted like the others, and the walk from the
 * root does not come to them.
 */
export interface PageNotes {
  take(id: number, page: Buffer): void;
  /** Of a branch, the child in whose part a bucket's name would be; in the bucket `key` that is always the last child. */
  noteOf(id: number, towards: BucketName): Note | undefined;
  bucketsOf(id: number): Buckets | undefined;
  /** The compaction revisions in a leaf of the bucket `meta` that has a page of its own. */
  compactionsOf(id: number): readonly bigint[] | undefined;
}

const kindShift = 62n;
const kinds = { child: 1n, revision: 2n, empty: 3n } as const;
const compactionKeys = ['finishedCompactRev', 'scheduledCompactRev'];
const names = { key: Buffer.from('key'), meta: Buffer.from('meta') };

export function createPageNotes(pageSize: number): PageNotes {
  let slots = new BigUint64Array(1024);
  /** Children towards `meta`, where they are not those towards `key`: branches of the bucket of all buckets. */
  const forks = new Map<number, number>();
  const buckets = new Map<number, Buckets>();
  const compactions = new Map<number, readonly bigint[]>();
  const late = createLateBytes(pageSize);

  function remember(id: number, kind: keyof typeof kinds, value: bigint): void {
    if (id >= slots.length) {
      const larger = new BigUint64Array(Math.max(id + 1, 2 * slots.length));
      larger.set(slots);
      slots = larger;
    }
    slots[id] = (kinds[kind] << kindShift) | value;
  }

  function takeBranch(id: number, page: Buffer, { count }: Node): void {
    const key = childTowards(page, count, names.key);
    const meta = childTowards(page, count, names.meta);
    if (key === undefined || meta === undefined) return;
    remember(id, 'child', key);
    if (meta !== key) forks.set(id, Number(meta));
  }

  function takeLeaf(id: number, page: Buffer, { count, pages }: Node): void {
    const first = leafElement(page, 0);
    const last = leafElement(page, count - 1);
    if (first === undefined || last === undefined) return;
    const start = id * pageSize;
    if (first.isBucket) {
      // No bucket of etcd's is larger in place than a quarter of a page, so the node overflows into one page at most.
      if (pages <= 2) late.ask(start, start + pages * pageSize, (node) => takeBuckets(id, node, count));
      return;
    }
    const keyBytes = last.keyEnd - last.keyStart;
    if (keyBytes !== revisionBytes && keyBytes !== revisionBytes + 1) {
      const found = compactionsIn(page, count);
      if (found.length > 0) compactions.set(id, found);
    } else if (last.keyEnd <= pages * pageSize) {
      late.ask(start + last.keyStart, start + last.keyEnd, (key) => {
        const revision = revisionIn(key);
        if (revision !== undefined) remember(id, 'revision', revision);
      });
    }
  }

  function takeBuckets(id: number, node: Buffer, count: number): void {
    const found: Partial<Record<BucketName, Buffer>> = {};
    for (const name of bucketNames) {
      const value = valueOf(node, count, names[name]);
      // A copy: the node would stay in memory with its few bytes.
      if (value !== undefined) found[name] = Buffer.from(value);
    }
    if (Object.keys(found).length > 0) buckets.set(id, found);
  }

  return {
    take(id, page) {
      late.pass(id, page);
      const node = parseNode(page, id);
      if (node === undefined) return;
      if (node.kind === 'branch') takeBranch(id, page, node);
      else if (node.count === 0) remember(id, 'empty', 0n);
      else takeLeaf(id, page, node);
    },
    noteOf(id, towards) {
      const fork = towards === 'meta' ? forks.get(id) : undefined;
      if (fork !== undefined) return { kind: 'child', page: fork };
      const slot = slots[id] ?? 0n;
      const value = BigInt.asUintN(62, slot);
      switch (slot >> kindShift) {
        case kinds.child:
          return { kind: 'child', page: Number(value) };
        case kinds.revision:
          return { kind: 'revision', revision: value };
        case kinds.empty:
          return { kind: 'empty' };
        default:
          return undefined;
      }
    },
    bucketsOf: (id) => buckets.get(id),
    compactionsOf: (id) => compactions.get(id),
  };
}

/** The page of the last child whose first key is not behind `key`. Keys of etcd's revisions come before every name. */
function childTowards(page: Buffer, count: number, key: Buffer): bigint | undefined {
  for (let index = count - 1; index >= 0; index--) {
    const element = branchElement(page, index);
    if (element === undefined || element.child >= 1n << 48n) return undefined;
    if (index === 0 || Buffer.compare(element.key, key) <= 0) return element.child;
  }
  return undefined;
}

/** The value of a key in a leaf that is there as a whole. */
function valueOf(node: Buffer, count: number, key: Buffer): Buffer | undefined {
  for (let index = 0; index < count; index++) {
    const element = leafElement(node, index);
    if (element === undefined || element.valueEnd > node.length) return undefined;
    if (node.subarray(element.keyStart, element.keyEnd).equals(key))
      return node.subarray(element.keyEnd, element.valueEnd);
  }
  return undefined;
}

/** The revisions up to which keys are, or are to be, compacted. */
export function compactionsIn(node: Buffer, count: number): readonly bigint[] {
  return compactionKeys.flatMap((key) => {
    const value = valueOf(node, count, Buffer.from(key));
    const revision = value && revisionIn(value);
    return revision === undefined ? [] : [revision];
  });
}

/** The last revision in a leaf of keys that is there as a whole. */
export function lastRevisionIn(node: Buffer, count: number): bigint | undefined {
  const last = leafElement(node, count - 1);
  return last && revisionIn(node.subarray(last.keyStart, last.keyEnd));
}
