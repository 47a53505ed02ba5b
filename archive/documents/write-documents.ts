import type { DocumentBatches, IndexContent, IndexDefinition } from '../../workflows/contract/document.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Content } from '../../workflows/contract/manifest.ts';
import type { WriteOptions, Writing } from '../archive.ts';
import { frameTarget, type PlainFrame } from '../frames.ts';
import { requireBounded, writeFrames } from '../writer.ts';
import { createDocumentLines } from './document-line.ts';
import { encodeDefinition, encodeIndexContent } from './index-line.ts';
import { byName, contentOf, createDocumentTally } from './tally.ts';

/** Writing of documents also knows what each index holds. */
export interface DocumentWriting extends Writing {
  /** Valid once `bytes` has ended. */
  readonly content: () => Content;
  readonly indices: () => readonly IndexContent[];
}

/**
 * Writes the definitions of indices, their documents in any order, and what each of them holds. Memory does not grow
 * with the documents.
 */
export function writeDocuments(
  definitions: readonly IndexDefinition[],
  batches: DocumentBatches,
  options: WriteOptions,
): DocumentWriting {
  const tally = createDocumentTally();
  const heads = definitions.toSorted(byName).map(encodeDefinition);
  for (const { index } of definitions) tally.of(index);
  let done: { readonly indices: readonly IndexContent[]; readonly content: Content } | undefined;

  async function* frames(): AsyncGenerator<PlainFrame> {
    const lines = createDocumentLines();
    for (const line of heads) {
      lines.addText(line);
      if (lines.length >= frameTarget) yield lines.take();
    }
    for await (const { index, documents } of batches) {
      const found = tally.of(index);
      for (const document of documents) {
        lines.add(index, document);
        found.add(lines.covered(), document.source.length);
        if (lines.length < frameTarget) continue;
        requireBounded(lines.length, `The document ${document.id} of the index ${index}`);
        yield lines.take();
      }
    }
    const indices = tally.contents();
    if (indices.length !== definitions.length) {
      throw new HoldfastError('Defect', 'There are documents of an index that has no definition.');
    }
    const ends = indices.map(encodeIndexContent);
    for (const line of ends) {
      lines.addText(line);
      if (lines.length >= frameTarget) yield lines.take();
    }
    if (lines.length > 0) yield lines.take();
    done = { indices, content: contentOf(indices, [...heads, ...ends]) };
  }

  function finished() {
    if (done === undefined) throw new HoldfastError('Defect', 'Documents were counted before their end.');
    return done;
  }

  return {
    ...writeFrames(frames(), options),
    content: () => finished().content,
    indices: () => finished().indices,
  };
}
