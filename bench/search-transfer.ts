import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { digestDocuments } from '../archive/documents/digest-documents.ts';
import { checkDocuments, readDocuments } from '../archive/documents/read-documents.ts';
import { writeDocuments } from '../archive/documents/write-documents.ts';
import { openDocumentStore } from '../stores/elasticsearch/documents/documents.ts';
import type { IndexContent } from '../workflows/contract/document.ts';
import type { Content, DataObject } from '../workflows/contract/manifest.ts';
import type { IndexWish } from '../workflows/contract/restore.ts';

/**
 * The work of a backup and a restore of documents in a process of its own, so that it can be measured:
 * `node search-transfer.ts backup|restore ADDRESS INDEX FILE`. Restored is into `restored-INDEX`, and proven.
 */

interface Kept {
  readonly object: DataObject;
  readonly content: Content;
  readonly indices: readonly IndexContent[];
}

const [work, address = '', index = '', file = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const store = openDocumentStore({ addresses: [address], indices: [index], ignoreUnavailable: false });
const source = (range?: { readonly start: number; readonly end: number }) =>
  createReadStream(file, range && { start: range.start, end: range.end - 1 }) as AsyncIterable<Buffer>;
const reading = { identities: [], address: file };

if (work === 'backup') await backup();
else await restore();
store.close();

/** Reads, archives, reads back and compares every digest. */
async function backup(): Promise<void> {
  const { definitions, batches } = await store.read([index], signal);
  const writing = writeDocuments(definitions, batches, { recipients: [] });
  await pipeline(writing.bytes, createWriteStream(file));
  const object: DataObject = { name: file, format: 'documents.ndjson', ...writing.sealed() };
  const kept: Kept = { object, content: writing.content(), indices: writing.indices() };
  await checkDocuments(source, object, { ...reading, content: kept.content }, () => undefined);
  await writeFile(`${file}.json`, JSON.stringify(kept));
}

/** Loads, then reads every document of the new index again and compares count and digest. */
async function restore(): Promise<void> {
  const { object, content, indices } = JSON.parse(await readFile(`${file}.json`, 'utf8')) as Kept;
  const { definitions, batches } = await readDocuments(source, object, { ...reading, content });
  const wish: IndexWish = {
    ...{ indices: ['*'], into: { how: 'rename', pattern: '(.+)', replacement: 'restored-$1' } },
    ...{ settings: {}, keepLifecycle: false, swapAliases: false },
  };
  const plan = await store.plan(definitions, wish, signal);
  const options = { signal, restoreId: 'bench', wish, onProgress: () => undefined };
  await store.load(definitions, plan, batches, options);
  const found = await digestDocuments([index], await store.readBack(plan, signal), () => undefined);
  if (JSON.stringify(found) !== JSON.stringify(indices)) {
    throw new Error(`Restored were ${JSON.stringify(found)} of ${JSON.stringify(indices)}.`);
  }
  await store.settle(definitions, plan, wish, signal);
}
