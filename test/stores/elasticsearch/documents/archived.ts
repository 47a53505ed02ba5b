import { digestDocuments } from '../../../../archive/documents/digest-documents.ts';
import { readDocuments } from '../../../../archive/documents/read-documents.ts';
import { writeDocuments } from '../../../../archive/documents/write-documents.ts';
import type { DocumentStore } from '../../../../stores/document-store.ts';
import type { IndexContent } from '../../../../workflows/contract/document.ts';
import type { DataObject } from '../../../../workflows/contract/manifest.ts';
import type { IndexWish } from '../../../../workflows/contract/restore.ts';
import { inMemory, gathered } from '../../../archive/memory.ts';

export const never = new AbortController().signal;

/** All indices under other names. */
export function renamed(replacement: string, pattern = '(.+)', more: Partial<IndexWish> = {}): IndexWish {
  return {
    ...{ indices: ['*'], into: { how: 'rename', pattern, replacement } },
    ...{ settings: {}, keepLifecycle: false, swapAliases: false, ...more },
  };
}

/** All that these patterns name, as an archive in memory. */
export async function archiveOf(store: DocumentStore, ...indices: readonly string[]) {
  const source = await store.read(indices, never);
  const writing = writeDocuments(source.definitions, source.batches, { recipients: [] });
  const bytes = await gathered(writing.bytes);
  const object: DataObject = {
    name: 'documents.ndjson.zst',
    format: 'documents.ndjson',
    ...writing.sealed(),
  };
  return { ...source, bytes, object, content: writing.content(), indices: writing.indices() };
}

/** Puts an archive into a store under other names, and tells what the new indices hold under the old ones. */
export async function restoreInto(
  store: DocumentStore,
  { bytes, object, content }: Pick<Awaited<ReturnType<typeof archiveOf>>, 'bytes' | 'object' | 'content'>,
  wish: IndexWish,
) {
  const options = { identities: [], address: 'memory', content };
  const { definitions, batches } = await readDocuments(inMemory(bytes, 1 << 20).source, object, options);
  const plan = await store.plan(definitions, wish, never);
  const loaded = await store.load(definitions, plan, batches, {
    ...{ signal: never, restoreId: 'restore-1', wish },
    onProgress: () => undefined,
  });
  const names = plan.map(({ index }) => index);
  const found: readonly IndexContent[] = await digestDocuments(
    names,
    await store.readBack(plan, never),
    () => undefined,
  );
  const aliases = await store.settle(definitions, plan, wish, never);
  return { plan, loaded, found, aliases };
}
