import { readDocuments } from '../../../archive/documents/read-documents.ts';
import { writeDocuments } from '../../../archive/documents/write-documents.ts';
import type { DocumentBatch, IndexDefinition, IndexDocument } from '../../../workflows/contract/document.ts';
import type { Content, DataObject } from '../../../workflows/contract/manifest.ts';
import { each, inMemory, gathered } from '../memory.ts';

export interface StoredDocuments {
  readonly bytes: Buffer;
  readonly object: DataObject;
  readonly content: Content;
}

export async function storeDocuments(
  definitions: readonly IndexDefinition[],
  batches: readonly DocumentBatch[],
  recipients: readonly string[] = [],
) {
  const writing = writeDocuments(definitions, each(batches), { recipients });
  const bytes = await gathered(writing.bytes);
  const suffix = recipients.length > 0 ? '.age' : '';
  const name = `20261122T041500Z/documents.ndjson.zst${suffix}`;
  const object: DataObject = { name, format: 'documents.ndjson', ...writing.sealed() };
  return { bytes, object, content: writing.content(), indices: writing.indices() };
}

export async function readStored(
  bytes: Buffer,
  { object, content }: Omit<StoredDocuments, 'bytes'>,
  identities: readonly string[] = [],
) {
  const options = { identities, address: object.name, content };
  const reading = await readDocuments(inMemory(bytes).source, object, options);
  const batches = await Array.fromAsync(reading.batches);
  return { definitions: reading.definitions, batches, indices: reading.indices() };
}

export function definition(index: string): IndexDefinition {
  return { index, kind: 'index', mappings: '{"properties":{}}', settings: '{}', aliases: '{}' };
}

export function document(id: string, source: string | Buffer, routing?: string): IndexDocument {
  return { id, routing, version: '1', source: Buffer.from(source), oneLine: true };
}

/** Documents as text, in order of index and as they come. */
export function comparable(batches: readonly DocumentBatch[]): readonly string[] {
  return batches.flatMap(({ index, documents }) =>
    documents.map(({ id, routing, version, source, oneLine }) =>
      JSON.stringify([index, id, routing ?? null, version, source.toString('hex'), oneLine]),
    ),
  );
}
