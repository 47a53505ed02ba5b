import { createHash } from 'node:crypto';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { digestDocuments } from '../../../archive/documents/digest-documents.ts';
import { checkDocuments } from '../../../archive/documents/read-documents.ts';
import type { DocumentBatch, IndexDocument } from '../../../workflows/contract/document.ts';
import { anyBytes, each, inMemory, noise } from '../memory.ts';
import { comparable, definition, document, readStored, storeDocuments } from './memory.ts';

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed());
const oneLine = fc
  .json()
  .map((json) => ({ source: Buffer.from(` {"a":1.0,"b":9223372036854775807,"c":${json}} `), oneLine: true }));
const other = anyBytes.map((source) => ({ source, oneLine: false }));
const anyDocument: fc.Arbitrary<IndexDocument> = fc
  .tuple(
    name,
    fc.option(name, { nil: undefined }),
    fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    fc.oneof(oneLine, other),
  )
  .map(([id, routing, version, source]) => ({ id, routing, version: String(version), ...source }));
const indices = ['orders', 'größe-1', 'a"b\\'];
const anyBatches: fc.Arbitrary<readonly DocumentBatch[]> = fc.array(
  fc.record({ index: fc.constantFrom(...indices), documents: fc.array(anyDocument, { maxLength: 8 }) }),
  { maxLength: 8 },
);

test.each([
  ['plain', [], []],
  ['with age', [recipient], [identity]],
])('documents come back as they were, %s', async (_, recipients, identities) => {
  await fc.assert(
    fc.asyncProperty(anyBatches, async (batches) => {
      const stored = await storeDocuments(indices.map(definition), batches, recipients);
      const back = await readStored(stored.bytes, stored, identities);
      expect(comparable(back.batches)).toEqual(comparable(batches));
      expect(back.definitions.map(({ index }) => index)).toEqual(['a"b\\', 'größe-1', 'orders']);
      expect(back.indices).toEqual(stored.indices);

      const options = { identities, address: 'it', content: stored.content };
      const { source } = inMemory(stored.bytes);
      expect(await checkDocuments(source, stored.object, options, () => undefined)).toEqual(stored.content);
    }),
    { numRuns: 25 },
  );
});

test('many frames, and a document larger than a frame', async () => {
  const documents = Array.from({ length: 4000 }, (_, number) =>
    document(String(number), `{"n":${number},"noise":"${noise(number, 700)}"}`),
  );
  documents.push(document('large', `{"noise":"${noise(1, 10_000_000)}"}`));
  const batches = [{ index: 'many', documents }];
  const stored = await storeDocuments([definition('many')], batches);
  const back = await readStored(stored.bytes, stored);
  expect(back.batches.length).toBeGreaterThan(2);
  expect(comparable(back.batches)).toEqual(comparable(batches));
  expect(stored.content).toMatchObject({ records: 4001 });
});

test('the order of documents changes no digest; anything else does', async () => {
  const documents = [document('1', '{"a":1}'), document('2', '{"a":1.0}'), document('3', '{}', 'r')];
  const digestOf = async (...batches: (readonly IndexDocument[])[]) => {
    const parts = batches.map((some) => ({ index: 'orders', documents: some }));
    const [content] = await digestDocuments(['orders'], each(parts), () => undefined);
    return content?.digest;
  };
  const digest = await digestOf(documents);
  expect(await digestOf(documents.slice(1), documents.slice(0, 1))).toBe(digest);
  const changed = [
    [document('1', '{"a":1 }'), ...documents.slice(1)],
    [document('1', '{"a":1}', 'r'), ...documents.slice(1)],
    [document('4', '{"a":1}'), ...documents.slice(1)],
    [...documents, documents[0] ?? document('', '')],
    documents.slice(1),
  ];
  const digests = await Promise.all(changed.map((some) => digestOf(some)));
  expect(new Set([digest, ...digests]).size).toBe(changed.length + 1);
});

test('the digest of an index is the sum of the SHA-256 of its documents', async () => {
  const documents = Array.from({ length: 100 }, (_, number) => document(String(number), `{"n":${number}}`));
  const lines = documents.map(({ id, source }) => `"id":"${id}","source":${source.toString()}}`);
  const sum = lines.reduce(
    (total, line) => total + BigInt(`0x${createHash('sha256').update(line).digest('hex')}`),
    0n,
  );
  const [content] = await digestDocuments(
    ['orders'],
    each([{ index: 'orders', documents }]),
    () => undefined,
  );
  expect(content?.digest).toBe((sum % 2n ** 256n).toString(16).padStart(64, '0'));
});

test('indices without documents are kept with their definitions, digit by digit', async () => {
  const odd = {
    ...definition('empty'),
    kind: 'data stream',
    mappings: '{ "_meta": {"big": 9223372036854775807, "one": 1.0, "10": 1, "9": 2} }',
    aliases: '{"now":{"filter":{"term":{"a":"\\n"}}}}',
  } as const;
  const stored = await storeDocuments([odd], []);
  const { definitions, indices: contents } = await readStored(stored.bytes, stored);
  expect(definitions).toEqual([
    { ...odd, mappings: '{"_meta":{"9":2,"10":1,"big":9223372036854775807,"one":1.0}}' },
  ]);
  expect(contents).toEqual([{ index: 'empty', documents: 0, bytes: 0, digest: '0'.repeat(64) }]);
  const none = await storeDocuments([], []);
  expect((await readStored(none.bytes, none)).definitions).toEqual([]);
});
