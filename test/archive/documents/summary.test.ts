import { randomBytes } from 'node:crypto';
import { linesOfIndices } from '../../../archive/documents/lines-of-indices.ts';
import { readSummary } from '../../../archive/documents/read-summary.ts';
import type { DocumentBatch } from '../../../workflows/contract/document.ts';
import { each, inMemory } from '../memory.ts';
import { definition, document, storeDocuments } from './memory.ts';

const names = Array.from({ length: 40 }, (_, n) => `index-${String(n).padStart(2, '0')}`);
const large = JSON.stringify({ mapping: 'x'.repeat(100_000) });
/** Definitions and documents of several frames each. */
const definitions = names.map((index) => ({ ...definition(index), mappings: large }));
const batches: readonly DocumentBatch[] = names.map((index, n) => ({
  index,
  documents: [document('1', `{"n":${n},"text":"${randomBytes(100_000).toString('hex')}"}`)],
}));

test('the indices of an archive are known without reading its documents', async () => {
  const { bytes, object, indices } = await storeDocuments(definitions, batches);
  const { source, asked } = inMemory(bytes);
  const found = await readSummary(source, object, { identities: [], address: 'memory' });
  expect(found.map(({ definition: { mappings }, ...content }) => [content, mappings])).toEqual(
    indices.map((content) => [content, large]),
  );
  expect(asked()).toBeLessThan(bytes.length / 2);
});

test.each([0, 1])('an archive of %i indices', async (count) => {
  const { bytes, object, indices } = await storeDocuments(definitions.slice(0, count), []);
  const found = await readSummary(inMemory(bytes).source, object, { identities: [], address: 'memory' });
  expect(found.map(({ definition: { index } }) => index)).toEqual(indices.map(({ index }) => index));
});

test('one that has been changed is refused', async () => {
  const { bytes, object } = await storeDocuments(definitions, batches);
  const damaged = Buffer.from(bytes);
  damaged[10] = (damaged[10] ?? 0) ^ 1;
  const reading = readSummary(inMemory(damaged).source, object, { identities: [], address: 'memory' });
  await expect(reading).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
});

test('lines are chosen by their index, whatever its name', async () => {
  const lines = ['a', 'a"b', 'b', 'größe'].map((index) => `${JSON.stringify({ index, id: '1' })}\n`);
  const plain = Buffer.from(lines.join(''));
  const chosen = linesOfIndices(each([plain]), (index) => index === 'a"b' || index === 'größe');
  expect(Buffer.concat(await Array.fromAsync(chosen)).toString()).toBe(`${lines[1]}${lines[3]}`);
  const other = linesOfIndices(each([Buffer.from('{"key":"a"}\n')]), () => true);
  await expect(Array.fromAsync(other)).rejects.toMatchObject({ code: 'ArchiveCorrupt' });
});
