import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkDocuments } from '../../../archive/documents/read-documents.ts';
import { readLines } from '../../../archive/reader.ts';
import type { Content, DataObject } from '../../../workflows/contract/manifest.ts';
import { inMemory } from '../memory.ts';
import { exampleBatches, exampleDefinitions } from './example.ts';
import { comparable, readStored, storeDocuments } from './memory.ts';

/** Archives of the first release, and the page that specifies them. Never change them: old backups look like that. */
const golden = new URL('../golden/', import.meta.url);
const page = readFileSync(new URL('../../../archive/FORMAT.md', import.meta.url), 'utf8');
const objects = JSON.parse(readFileSync(new URL('documents-1.json', golden), 'utf8')) as Record<
  string,
  { readonly object: DataObject; readonly content: Content }
>;
const identities = [readFileSync(new URL('identity-for-tests.txt', golden), 'utf8').trim()];

function open(name: string) {
  const facts = objects[name];
  if (facts === undefined) throw new Error(`documents-1.json does not know ${name}.`);
  return { ...facts, bytes: readFileSync(new URL(name, golden)) };
}

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  if (found === undefined) throw new Error(`FORMAT.md has no block of ${language}.`);
  return found;
}

test.each(Object.keys(objects))('%s gives the documents of the page', async (name) => {
  const { bytes, object, content } = open(name);
  const { definitions, batches } = await readStored(bytes, { object, content }, identities);
  expect(definitions).toEqual(exampleDefinitions.toReversed());
  expect(comparable(batches)).toEqual(comparable(exampleBatches));
  const options = { identities, address: name, content };
  const { source } = inMemory(bytes);
  expect(await checkDocuments(source, object, options, () => undefined)).toEqual(content);
});

test('the page has the lines of the example, and their digests', async () => {
  const { bytes, object, content } = open('documents-1.ndjson.zst');
  const plain = await Array.fromAsync(
    readLines(inMemory(bytes).source, object, { identities, address: 'it' }),
  );
  const lines = Buffer.concat(plain).toString();
  expect(lines).toBe(block('documents'));
  const sum = block('covered')
    .trimEnd()
    .split('\n')
    .reduce((total, line) => total + BigInt(`0x${createHash('sha256').update(line).digest('hex')}`), 0n);
  expect(lines).toContain(`"digest":"${(sum % 2n ** 256n).toString(16).padStart(64, '0')}"}`);
  expect(page).toContain(`the content digest is \`${content.digest}\``);
});

test('the example is written as it was then', async () => {
  const { object, content } = open('documents-1.ndjson.zst');
  const now = await storeDocuments(exampleDefinitions, exampleBatches);
  // The stored bytes may differ with the version of zstd; the plain ones never.
  expect(now.object.plainSha256).toBe(object.plainSha256);
  expect(now.content).toEqual(content);
});
