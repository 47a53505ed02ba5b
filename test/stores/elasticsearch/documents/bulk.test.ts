import { bulkBody, documentPath, readBulkAnswer } from '../../../../stores/elasticsearch/documents/bulk.ts';
import { createPageSize } from '../../../../stores/elasticsearch/documents/page-size.ts';
import { DocumentView } from '../../../../workflows/contract/document-view.ts';
import { definition, document, readStored, storeDocuments } from '../../../archive/documents/memory.ts';

test('a request has every source as it is', () => {
  const documents = [
    document('größe', '{"long":9223372036854775807,"one":1.0}'),
    document('"2"', ' {} ', 'r'),
  ];
  expect(bulkBody(documents).toString()).toBe(
    '{"index":{"_id":"größe","version":1,"version_type":"external"}}\n' +
      '{"long":9223372036854775807,"one":1.0}\n' +
      '{"index":{"_id":"\\"2\\"","routing":"r","version":1,"version_type":"external"}}\n' +
      ' {} \n',
  );
});

test('what stands in an archive is copied from there', async () => {
  const documents = [
    document('größe', '{"a":1.0}'),
    document('2', '{}', 'röuting'),
    document('"3"', '{}', 'r'),
    { ...document('4', '{\n}'), oneLine: false },
  ];
  const stored = await storeDocuments([definition('orders')], [{ index: 'orders', documents }]);
  const { batches } = await readStored(stored.bytes, stored);
  const read = batches.flatMap((batch) => batch.documents);
  expect(read.filter((one) => one instanceof DocumentView)).toHaveLength(2);
  expect(bulkBody(read).toString()).toBe(bulkBody(documents).toString());
});

test('into an index that was there, a document goes only where it stands as it was seen', () => {
  const missing = { ...document('1', '{}', 'r'), seen: '0' };
  const there = { ...document('2', '{}'), seen: '9007199254740993.2' };
  expect(bulkBody([missing, there]).toString()).toBe(
    '{"create":{"_id":"1","routing":"r"}}\n{}\n' +
      '{"index":{"_id":"2","if_seq_no":9007199254740993,"if_primary_term":2}}\n{}\n',
  );
  expect(documentPath('orders', missing)).toBe('/orders/_doc/1?routing=r&pipeline=_none&op_type=create');
  expect(documentPath('orders', there)).toBe(
    '/orders/_doc/2?pipeline=_none&if_seq_no=9007199254740993&if_primary_term=2',
  );
  const items = [{ create: { status: 409 } }, { index: { status: 200 } }];
  expect(readBulkAnswer(JSON.stringify({ errors: true, items }), [missing, there])).toEqual({
    ...{ written: 1, busy: [], conflicts: [missing], refused: [] },
  });
});

test('a document by itself has a path of its own', () => {
  expect(documentPath('orders', document('a/b?', '{\n}', 'r&s'))).toBe(
    '/orders/_doc/a%2Fb%3F?routing=r%26s&pipeline=_none&version=1&version_type=external',
  );
});

describe('of an answer', () => {
  const documents = ['1', '2', '3', '4', '5'].map((id) => document(id, '{}'));

  test('without errors, all are written', () => {
    const items = documents.map(() => ({ index: { status: 201 } }));
    expect(readBulkAnswer(JSON.stringify({ errors: false, items }), documents)).toEqual({
      written: 5,
      busy: [],
      conflicts: [],
      refused: [],
    });
  });

  test('those the cluster was too busy for are to be sent again; one that is there already is written', () => {
    const items = [
      { index: { status: 201 } },
      { index: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'full' } } },
      { index: { status: 409, error: { type: 'version_conflict_engine_exception', reason: 'there' } } },
      { index: { status: 400, error: { type: 'mapper_parsing_exception', reason: 'no number' } } },
      { index: { status: 503, error: { type: 'unavailable_shards_exception' } } },
    ];
    expect(readBulkAnswer(JSON.stringify({ errors: true, items }), documents)).toEqual({
      written: 2,
      busy: [documents[1], documents[4]],
      conflicts: [],
      refused: [{ id: '4', reason: 'no number' }],
    });
  });

  test.each(['{"errors":false,"items":[]}', '{"took":1}', '<html>'])('%s is none', (text) => {
    expect(() => readBulkAnswer(text, documents)).toThrow();
  });
});

describe('the size of pages', () => {
  test('grows slowly, and by bytes', () => {
    const size = createPageSize(5_000);
    expect(size.current).toBe(10);
    size.saw(10, 10 * 300);
    expect(size.current).toBe(40);
    for (let page = 0; page < 10; page++) size.saw(size.current, size.current * 300);
    expect(size.current).toBe(5_000);
    size.saw(5_000, 5_000 * 4_194);
    expect(size.current).toBe(1_000);
    size.saw(2, 20_000_000);
    expect(size.current).toBe(1);
  });

  test('shrinks to one document, and no further', () => {
    const size = createPageSize(5_000);
    expect([size.shrink(), size.current]).toEqual([true, 2]);
    while (size.current > 1) size.shrink();
    expect(size.shrink()).toBe(false);
  });
});
