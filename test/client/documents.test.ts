import { writeDocuments } from '../../archive/documents/write-documents.ts';
import { objectName } from '../../storage/layout.ts';
import { publish } from '../../storage/publish.ts';
import { exampleBatches, exampleDefinitions } from '../archive/documents/example.ts';
import { each } from '../archive/memory.ts';
import { sampleManifest } from '../storage/sample.ts';
import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

/** Backups of documents on the command line, without a cluster. */
let temporary: TemporaryStorage;
const id = idOf(5);

beforeAll(async () => {
  temporary = await openTemporary();
  const { storage } = temporary;
  const writing = writeDocuments(exampleDefinitions, each(exampleBatches), { recipients: [] });
  const name = `${id}/documents.ndjson.zst`;
  await storage.put(objectName('docs', name), writing.bytes, { signal: new AbortController().signal });
  const manifest = sampleManifest(id, {
    job: 'docs',
    store: { kind: 'elasticsearch', version: '8.19.0', address: 'http://127.0.0.1:9200', details: {} },
    moment: { index: '1795320900000', consistency: 'per-index' },
    content: writing.content(),
    objects: [{ name, format: 'documents.ndjson', ...writing.sealed() }],
    leftOut: [{ reason: 'the index is closed', count: 1, examples: ['old'] }],
  });
  await publish(storage, manifest);
  await storeBackup(storage, 'keys', id, [record('a', '1')]);
});
afterAll(() => temporary.cleanup());

function reading(...args: readonly string[]) {
  return holdfast([...args, '--storage', `file://${temporary.path}`]);
}

test('inspect shows the indices', async () => {
  const { exit, text, stderr } = await reading('inspect', 'docs');
  expect({ exit, text }).toEqual({
    exit: 0,
    text:
      'INDEX   KIND         DOCUMENTS  SIZE\n' +
      'logs    data stream          0   0 B\n' +
      'orders  index                2  55 B\n',
  });
  expect(stderr).toBe(
    `${id}: 2 indices, 2 documents, 55 B of sources; only what tells of the indices was read and checked.\n`,
  );
  const [, orders] = (await reading('inspect', 'docs', '--json')).text.split('\n');
  expect(JSON.parse(orders ?? '')).toEqual({
    ...{ index: 'orders', documents: 2, bytes: 55, kind: 'index' },
    digest: 'd8d29bc95909220896e9e74ac56fb357e57ba598b304526641fc1a35cd102daf',
  });
});

test('cat gives the lines as they stand in the archive, or those of some indices', async () => {
  const { exit, text } = await reading('cat', 'docs');
  expect(exit).toBe(0);
  expect(text).toContain('"id":"größe","source":{"n":9007199254740993,"price":1.0}}\n');
  const lines = text.split(/(?<=\n)/);
  const of = (index: string) => lines.filter((line) => line.startsWith(`{"index":"${index}"`)).join('');
  expect((await reading('cat', 'docs', '--indices', 'log*')).text).toBe(of('logs'));
  expect((await reading('cat', 'docs', '--indices', '*,-logs')).text).toBe(of('orders'));
});

test('show and verify say what it is', async () => {
  const { text } = await reading('show', 'docs');
  expect(text).toMatch(/scope +indices, document by document\n/);
  expect(text).toMatch(/moment +index 1795320900000, per-index\n/);
  expect(text).toMatch(/content +2 documents, 55 B of sources\n/);
  expect(text).toMatch(/left out +1 index: the index is closed \(old\)\n/);
  const verified = await reading('verify', 'docs', '--json');
  expect([verified.exit, JSON.parse(verified.text)]).toMatchObject([0, { whole: true, records: 2 }]);
});

test.each([
  [['inspect', 'docs', '--prefix', 'a'], '--prefix is for keys'],
  [['inspect', 'docs', '--key', 'a', '--values'], '--key, --values is for keys'],
  [['cat', 'docs', '--prefix', 'a'], '--prefix is for keys'],
  [['cat', 'keys', '--indices', 'a'], '--indices is for indices'],
  [['export', 'docs', '--format', 'consulate'], 'holds documents of indices, and no keys'],
])('%s is refused', async (args, message) => {
  const { exit, text, stderr } = await reading(...args);
  expect({ exit, text }).toEqual({ exit: 2, text: '' });
  expect(stderr).toContain(message);
});
