/**
 * Pages of a bbolt database, as etcd stores its keys in one: go.etcd.io/bbolt, `internal/common` (page.go, meta.go,
 * inode.go). All integers are little-endian. Nothing here trusts a page: a free one may hold anything.
 */

/** What the first two pages say of the whole. */
export interface Meta {
  readonly pageSize: number;
  /** The page where the bucket of all buckets begins. */
  readonly root: number;
  /** The number of the transaction: the greater one is valid. */
  readonly transaction: bigint;
}

const headerSize = 16;
const elementSize = 16;
const magic = 0xed0cdaed;
const formatVersion = 2;
/** From the start of a page to behind its checksum. */
export const metaEnd = headerSize + 64;

const branchFlag = 0x01;
const leafFlag = 0x02;
const bucketFlag = 0x01;
/** Of a bucket's value: the page of its root, or 0 where the page itself follows. */
export const bucketHeaderSize = 16;

/** The meta page at the start of the bytes, or undefined where there is no valid one. */
export function parseMeta(page: Buffer): Meta | undefined {
  if (page.length < metaEnd) return undefined;
  if (page.readUInt32LE(headerSize) !== magic || page.readUInt32LE(headerSize + 4) !== formatVersion) {
    return undefined;
  }
  if (page.readBigUInt64LE(metaEnd - 8) !== fnv1a(page.subarray(headerSize, metaEnd - 8))) return undefined;
  return {
    pageSize: page.readUInt32LE(headerSize + 8),
    root: Number(page.readBigUInt64LE(headerSize + 16)),
    transaction: page.readBigUInt64LE(headerSize + 48),
  };
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

export interface Element {
  readonly isBucket: boolean;
  /** From the start of the node; they may lie behind its first page. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueEnd: number;
}

/** A node of the tree: a page and those that it overflows into. */
export interface Node {
  readonly kind: 'branch' | 'leaf';
  readonly count: number;
  readonly pages: number;
}

/** The node that begins here; undefined where no page of that number that holds elements does. */
export function parseNode(page: Buffer, id: number): Node | undefined {
  if (page.length < headerSize) return undefined;
  if (page.readUInt32LE(0) !== id || page.readUInt32LE(4) !== 0) return undefined;
  const flags = page.readUInt16LE(8);
  const count = page.readUInt16LE(10);
  if (flags !== branchFlag && flags !== leafFlag) return undefined;
  return { kind: flags === leafFlag ? 'leaf' : 'branch', count, pages: 1 + page.readUInt32LE(12) };
}

/** An element of a leaf; undefined where its description is not in these bytes. */
export function leafElement(node: Buffer, index: number): Element | undefined {
  const at = headerSize + index * elementSize;
  if (at + elementSize > node.length) return undefined;
  const keyStart = at + node.readUInt32LE(at + 4);
  const keyEnd = keyStart + node.readUInt32LE(at + 8);
  return {
    isBucket: node.readUInt32LE(at) === bucketFlag,
    keyStart,
    keyEnd,
    valueEnd: keyEnd + node.readUInt32LE(at + 12),
  };
}

/** The first key of a branch's child, and its page; undefined where they are not in these bytes. */
export function branchElement(
  node: Buffer,
  index: number,
): { readonly key: Buffer; readonly child: bigint } | undefined {
  const at = headerSize + index * elementSize;
  if (at + elementSize > node.length) return undefined;
  const keyStart = at + node.readUInt32LE(at);
  const keyEnd = keyStart + node.readUInt32LE(at + 4);
  if (keyEnd > node.length) return undefined;
  return { key: node.subarray(keyStart, keyEnd), child: node.readBigUInt64LE(at + 8) };
}
