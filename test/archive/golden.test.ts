import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RecordReadOptions } from '../../archive/archive.ts';
import { readPrefix } from '../../archive/prefix.ts';
import { readLines, readRecords } from '../../archive/reader.ts';
import type { Content, DataObject } from '../../workflows/contract/manifest.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { allRecords, comparable, inMemory, store } from './memory.ts';

/** Archives of the first release, and the page that specifies them. Never change them: old backups look like that. */
const golden = new URL('golden/', import.meta.url);
const page = readFileSync(new URL('../../archive/FORMAT.md', import.meta.url), 'utf8');

const objects = JSON.parse(text('objects-1.json')) as Record<
  string,
  { readonly object: DataObject; readonly content: Content }
>;
const identities = [text('identity-for-tests.txt').trim()];

const exampleRecords: readonly KeyRecord[] = [
  of('app/config', '{"port":8080}', '0', 12, 15),
  of('app/empty', null, '42', 13, 13),
  of('app/größe', 'naïve\n', '18446744073709551615', 14, 20),
  of(Buffer.from('6170702fff', 'hex'), Buffer.from('0001feff', 'hex'), '0', 16, 16),
];

function of(
  key: string | Buffer,
  value: string | Buffer | null,
  flags: string,
  createIndex: number,
  modifyIndex: number,
): KeyRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    attributes: { flags },
    meta: { createIndex: String(createIndex), lockIndex: '0', modifyIndex: String(modifyIndex) },
  };
}

function text(name: string): string {
  return readFileSync(new URL(name, golden), 'utf8');
}

function open(name: string) {
  const facts = objects[name];
  if (facts === undefined) throw new Error(`objects-1.json does not know ${name}.`);
  const options: RecordReadOptions = { identities, address: name, content: facts.content };
  return { ...facts, bytes: readFileSync(new URL(name, golden)), options };
}

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  if (found === undefined) throw new Error(`FORMAT.md has no block of ${language}.`);
  return found;
}

test.each(['example-1.ndjson.zst', 'example-1.ndjson.zst.age'])(
  '%s gives the records of the page',
  async (name) => {
    const { bytes, object, options } = open(name);
    const found = await allRecords(readRecords(inMemory(bytes).source, object, options).records);
    expect(found.map(comparable)).toEqual(exampleRecords.map(comparable));
  },
);

test.each(Object.keys(objects))('%s is read whole and by prefix, with all its digests', async (name) => {
  const { bytes, object, content, options } = open(name);
  const whole = readRecords(inMemory(bytes).source, object, options);
  const records = await allRecords(whole.records);
  expect(whole.content()).toEqual(content);

  const last = records.at(-1)?.key ?? Buffer.from('none');
  const reading = readPrefix(inMemory(bytes).source, object, last, options);
  expect(await allRecords(reading.records)).toHaveLength(content.records === 0 ? 0 : 1);
});

test('the page has the bytes of the example', () => {
  const bytes = block('hex').replace(/#.*/g, '').replace(/\s/g, '');
  expect(bytes).toBe(open('example-1.ndjson.zst').bytes.toString('hex'));
});

test('the page has the lines of the example, and what its content digest covers', async () => {
  const { bytes, object, content, options } = open('example-1.ndjson.zst');
  const plain = await Array.fromAsync(readLines(inMemory(bytes).source, object, options));
  expect(Buffer.concat(plain).toString()).toBe(block('ndjson'));
  expect(createHash('sha256').update(block('digest')).digest('hex')).toBe(content.digest);
});

test('the page has the sizes and digests of the example', () => {
  const { object, content } = open('example-1.ndjson.zst');
  const rows = {
    records: content.records,
    bytes: content.bytes,
    'content digest': `\`${content.digest}\``,
    plainBytes: object.plainBytes,
    plainSha256: `\`${object.plainSha256}\``,
    storedBytes: object.storedBytes,
    storedSha256: `\`${object.storedSha256}\``,
  };
  for (const [name, value] of Object.entries(rows)) {
    expect([name, new RegExp(`^\\| ${name} +\\| (\\S+) +\\|$`, 'm').exec(page)?.[1]]).toEqual([
      name,
      String(value),
    ]);
  }
});

test('the example is written as it was then', async () => {
  const { object, content } = open('example-1.ndjson.zst');
  const now = await store([exampleRecords]);
  // The stored bytes may differ with the version of zstd; the plain ones never.
  expect(now.object.plainSha256).toBe(object.plainSha256);
  expect(now.content).toEqual(content);
});
