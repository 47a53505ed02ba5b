import { checkDocuments, readDocuments } from '../../../archive/documents/read-documents.ts';
import { writeLines } from '../../../archive/writer.ts';
import type { DataObject } from '../../../workflows/contract/manifest.ts';
import { each, inMemory, gathered } from '../memory.ts';
import { definition, document, storeDocuments, type StoredDocuments } from './memory.ts';

const stored = await storeDocuments(
  [definition('a'), definition('b')],
  [
    { index: 'a', documents: [document('1', '{"a":1}'), document('2', '{"a":2}', 'r')] },
    { index: 'b', documents: [{ ...document('1', '{\n}'), oneLine: false }] },
  ],
);

async function read(bytes: Buffer, { object, content }: Omit<StoredDocuments, 'bytes'>) {
  const options = { identities: [], address: 'there', content };
  let given = 0;
  let error: unknown;
  try {
    const reading = await readDocuments(inMemory(bytes, 64).source, object, options);
    for await (const { documents } of reading.batches) given += documents.length;
  } catch (caught) {
    error = caught;
  }
  const checked: unknown = await checkDocuments(inMemory(bytes, 64).source, object, options, () => undefined)
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  return { given, error, checked };
}

const refusal = expect.objectContaining({ code: 'ArchiveCorrupt' }) as unknown;

test('an archive of documents is refused with a byte changed, and at a shorter length', async () => {
  expect(await read(stored.bytes, stored)).toEqual({ given: 3, error: undefined, checked: undefined });
  for (let at = 0; at < stored.bytes.length; at += 7) {
    const damaged = Buffer.from(stored.bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x41, at);
    for (const bytes of [damaged, stored.bytes.subarray(0, at)]) {
      const found = await read(bytes, stored);
      expect(found).toMatchObject({ error: refusal, checked: refusal });
      expect(found.given).toBeLessThan(3);
    }
  }
});

test('a manifest that says something else is refused', async () => {
  for (const other of [{ records: 4 }, { bytes: 1 }, { digest: 'f'.repeat(64) }]) {
    const content = { ...stored.content, ...other };
    expect(await read(stored.bytes, { ...stored, content })).toMatchObject({
      error: refusal,
      checked: refusal,
    });
  }
});

const head = (index: string) =>
  `{"index":"${index}","kind":"index","mappings":{},"settings":{},"aliases":{}}\n`;
const doc = (index: string, id: string) => `{"index":"${index}","version":"1","id":"${id}","source":{}}\n`;
const end = (index: string, documents: number) =>
  `{"index":"${index}","documents":"${documents}","bytes":"${2 * documents}","digest":"${'0'.repeat(64)}"}\n`;

test.each([
  ['a document of an index without a definition', [head('a'), doc('b', '1'), end('a', 0)]],
  ['a definition behind documents', [head('a'), doc('a', '1'), head('b'), end('a', 1), end('b', 0)]],
  ['a document behind the ends', [head('a'), end('a', 0), doc('a', '1')]],
  ['an index without its end', [head('a'), head('b'), end('a', 0)]],
  ['an end of no index', [head('a'), end('a', 0), end('b', 0)]],
  ['an index twice', [head('a'), head('a'), end('a', 0)]],
  ['indices out of order', [head('b'), head('a'), end('a', 0), end('b', 0)]],
  ['another count', [head('a'), doc('a', '1'), end('a', 2)]],
  ['something else', [head('a'), '{"index":"a","version":"1","id":"1","other":{}}\n', end('a', 1)]],
  ['no JSON', ['{"index":"a","kind":"index","mappings":{},"settings":{,"aliases":{}}\n', end('a', 0)]],
])('lines are refused that hold %s', async (_, lines) => {
  const writing = writeLines(each(lines.map((line) => Buffer.from(line))), { recipients: [] });
  const bytes = await gathered(writing.bytes);
  const object: DataObject = { name: 'x', format: 'documents.ndjson', ...writing.sealed() };
  const options = { identities: [], address: 'there' };
  const drained = async () => {
    const reading = await readDocuments(inMemory(bytes).source, object, options);
    for await (const batch of reading.batches) expect(batch.index).toBe('a');
  };
  await expect(drained()).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
  await expect(
    checkDocuments(inMemory(bytes).source, object, options, () => undefined),
  ).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
});

test('a digest of an index that its documents do not have is found by checking', async () => {
  const lines = [head('a'), doc('a', '1'), end('a', 1)].map((line) => Buffer.from(line));
  const writing = writeLines(each(lines), { recipients: [] });
  const bytes = await gathered(writing.bytes);
  const object: DataObject = { name: 'x', format: 'documents.ndjson', ...writing.sealed() };
  const check = checkDocuments(
    inMemory(bytes).source,
    object,
    { identities: [], address: 'there' },
    () => undefined,
  );
  await expect(check).rejects.toThrow('there holds 1 documents of the index a with the digest ');
});
