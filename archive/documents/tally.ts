import { createHash } from 'node:crypto';
import type { IndexContent } from '../../workflows/contract/document.ts';
import type { Content } from '../../workflows/contract/manifest.ts';
import { createSumDigest } from './sum-digest.ts';

/** Counts and digests the documents of one index. */
export interface IndexTally {
  /** Takes a document: the part of its line that its digest covers, and the bytes of its source. */
  add(covered: Buffer, sourceBytes: number): void;
}

export interface DocumentTally {
  /** The tally of an index; it is there from the first call on, also where it holds nothing. */
  of(index: string): IndexTally;
  /** Of all documents so far. */
  counts(): { readonly records: number; readonly bytes: number };
  /** Of each index, in ascending order of its name's bytes. */
  contents(): readonly IndexContent[];
}

export function createDocumentTally(): DocumentTally {
  const tallies = new Map<string, IndexTally & { readonly content: () => IndexContent }>();
  let records = 0;
  let bytes = 0;

  function create(index: string) {
    const sum = createSumDigest();
    let documents = 0;
    let sources = 0;
    return {
      add(covered: Buffer, sourceBytes: number): void {
        sum.add(covered);
        documents += 1;
        sources += sourceBytes;
        records += 1;
        bytes += sourceBytes;
      },
      content: () => ({ index, documents, bytes: sources, digest: sum.hex() }),
    };
  }

  return {
    of(index) {
      const known = tallies.get(index);
      if (known !== undefined) return known;
      const made = create(index);
      tallies.set(index, made);
      return made;
    },
    counts: () => ({ records, bytes }),
    contents: () => Array.from(tallies.values(), ({ content }) => content()).sort(byName),
  };
}

export function byName({ index }: { readonly index: string }, other: { readonly index: string }): number {
  return Buffer.compare(Buffer.from(index), Buffer.from(other.index));
}

/** The content of a whole archive: its digest covers the lines of its indices, which have the digests of documents. */
export function contentOf(indices: readonly IndexContent[], lines: readonly string[]): Content {
  const digest = createHash('sha256');
  for (const line of lines) digest.update(line);
  return {
    records: indices.reduce((sum, { documents }) => sum + documents, 0),
    bytes: indices.reduce((sum, { bytes }) => sum + bytes, 0),
    digest: digest.digest('hex'),
  };
}
