import type {
  DocumentBatch,
  DocumentBatches,
  IndexContent,
  IndexDefinition,
  IndexDocument,
} from '../../workflows/contract/document.ts';
import type { Content, DataObject } from '../../workflows/contract/manifest.ts';
import { free } from '../../workflows/contract/memory.ts';
import { provenBeforeLast } from '../ahead.ts';
import type { ByteSource, RecordReadOptions } from '../archive.ts';
import { readLines } from '../reader.ts';
import { refusalOf, type Refusal } from '../refusal.ts';
import { byName, contentOf, createDocumentTally } from './tally.ts';
import { decodeDefinition, decodeIndexContent } from './index-line.ts';
import { DocumentScan, requireText } from './scan-document.ts';

/** An archive of documents, opened: its definitions have been read. */
export interface DocumentReading {
  /** In ascending order of name. */
  readonly definitions: readonly IndexDefinition[];
  /** Can be read once. */
  readonly batches: DocumentBatches;
  /** Valid once `batches` has ended. */
  readonly indices: () => readonly IndexContent[];
}

/** Bytes of lines that make one batch. */
const batchTarget = 1 << 20;

/**
 * Reads an archive of documents. Sizes, both SHA-256, counts and (where `options.content` is given) the content
 * digest have been checked before the last batch is handed on; until then nothing is proven.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export async function readDocuments(
  source: ByteSource,
  object: DataObject,
  options: RecordReadOptions,
): Promise<DocumentReading> {
  const refuse = refusalOf(options.address);
  const state = createIndexLines(refuse);
  const scan = new DocumentScan();
  const plains = readLines(source, object, options);

  async function* decoded(): AsyncGenerator<DocumentBatch | 'defined'> {
    for await (const plain of plains) {
      requireText(plain, refuse);
      let documents: IndexDocument[] = [];
      let index = '';
      let batchStart = 0;
      for (let start = 0; start < plain.length; start = scan.lineEnd + 1) {
        const isDocument = scan.scan(plain, start);
        const isFull = start - batchStart >= batchTarget || (isDocument && scan.index !== index);
        if (documents.length > 0 && isFull) {
          yield { index, documents };
          documents = [];
          batchStart = start;
        }
        if (isDocument) {
          if (state.beginDocument(scan.index)) yield 'defined';
          index = scan.index;
          documents.push(scan.document(refuse));
        } else state.take(plain.toString('utf8', start, scan.lineEnd));
      }
      if (documents.length > 0) yield { index, documents };
    }
  }

  const parts = provenBeforeLast(decoded(), async () => {
    await Promise.resolve(state.check(options.content));
  });
  // Whatever comes first after the definitions, or the end.
  const first = await parts.next();
  const pending = first.done === true || first.value === 'defined' ? [] : [first.value];

  async function* batches(): AsyncGenerator<DocumentBatch> {
    yield* pending;
    for await (const part of parts) if (part !== 'defined') yield part;
  }
  return { definitions: state.definitions, batches: batches(), indices: state.contents };
}

/**
 * Reads an archive of documents for the sake of the checks: also the digest of every document. Tells after each frame
 * what has been seen so far.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export async function checkDocuments(
  source: ByteSource,
  object: DataObject,
  options: RecordReadOptions,
  onCounts: (counts: { readonly records: number; readonly bytes: number }) => void,
): Promise<Content> {
  const refuse = refusalOf(options.address);
  const state = createIndexLines(refuse);
  const tally = createDocumentTally();
  const scan = new DocumentScan();
  for await (const plain of readLines(source, object, options)) {
    requireText(plain, refuse);
    for (let start = 0; start < plain.length; start = scan.lineEnd + 1) {
      if (scan.scan(plain, start)) {
        state.beginDocument(scan.index);
        tally.of(scan.index).add(plain.subarray(scan.coveredStart, scan.lineEnd), scan.sourceBytes);
      } else state.take(plain.toString('utf8', start, scan.lineEnd));
    }
    onCounts(tally.counts());
    free(plain);
  }
  for (const { index } of state.definitions) tally.of(index);
  return state.check(options.content, tally.contents());
}

/** What lines other than documents say. */
function createIndexLines(refuse: Refusal) {
  const definitions: IndexDefinition[] = [];
  const contents: IndexContent[] = [];
  const lines: string[] = [];
  const counts = new Map<string, number>();
  let begun = false;

  return {
    definitions,
    contents: () => contents,
    /** True at the first one. */
    beginDocument(index: string): boolean {
      const seen = counts.get(index);
      if (seen === undefined || contents.length > 0) {
        throw refuse(`holds a document of the index ${index} in a place where none can be`);
      }
      counts.set(index, seen + 1);
      const isFirst = !begun;
      begun = true;
      return isFirst;
    },
    take(line: string): void {
      lines.push(`${line}\n`);
      const content = decodeIndexContent(line);
      if (content !== undefined) {
        contents.push(content);
        return;
      }
      const definition = decodeDefinition(line, refuse);
      if (definition === undefined || begun || contents.length > 0) {
        throw refuse(`holds a line that is not as it is written: ${line.slice(0, 100)}`);
      }
      counts.set(definition.index, 0);
      definitions.push(definition);
    },
    /** Compares what the lines of indices say with the documents that were there, and with the manifest. */
    check(expected: Content | undefined, found?: readonly IndexContent[]): Content {
      if (counts.size !== contents.length || !isSorted(definitions) || !isSorted(contents)) {
        throw refuse('does not say once, and in order, what each of its indices holds');
      }
      contents.forEach((said, position) => {
        const seen = counts.get(said.index);
        const digest = found?.[position]?.digest ?? said.digest;
        const bytes = found?.[position]?.bytes ?? said.bytes;
        if (seen === said.documents && digest === said.digest && bytes === said.bytes) return;
        throw refuse(
          `holds ${seen ?? 'none'} documents of the index ${said.index} with the digest ${digest}, ` +
            `and says of itself ${said.documents} with ${said.digest}`,
        );
      });
      const content = contentOf(contents, lines);
      if (expected === undefined) return content;
      if (content.records !== expected.records || content.bytes !== expected.bytes) {
        throw refuse(
          `holds ${content.records} documents of ${content.bytes} bytes, ` +
            `and should hold ${expected.records} of ${expected.bytes}`,
        );
      }
      if (content.digest !== expected.digest) {
        throw refuse(`has the content digest ${content.digest}, and should have ${expected.digest}`);
      }
      return content;
    },
  };
}

function isSorted(items: readonly { readonly index: string }[]): boolean {
  return items.every((item, position) => {
    const before = items[position - 1];
    return before === undefined || byName(before, item) < 0;
  });
}
