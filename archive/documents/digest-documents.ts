import type { DocumentBatches, IndexContent } from '../../workflows/contract/document.ts';
import { frameTarget } from '../frames.ts';
import { createDocumentLines } from './document-line.ts';
import { createDocumentTally } from './tally.ts';

/** What indices hold that are read for the sake of a comparison: the digests that an archive of them would have. */
export async function digestDocuments(
  indices: readonly string[],
  batches: DocumentBatches,
  onDocuments: (documents: number) => void,
): Promise<readonly IndexContent[]> {
  const tally = createDocumentTally();
  const lines = createDocumentLines();
  for (const index of indices) tally.of(index);
  for await (const { index, documents } of batches) {
    const found = tally.of(index);
    for (const document of documents) {
      lines.add(index, document);
      found.add(lines.covered(), document.source.length);
      if (lines.length >= frameTarget) lines.take().release();
    }
    onDocuments(documents.length);
  }
  return tally.contents();
}
