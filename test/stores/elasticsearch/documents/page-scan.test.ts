import fc from 'fast-check';
import { type Page, scanFound, scanPage } from '../../../../stores/elasticsearch/documents/page-scan.ts';

function answer(...hits: readonly string[]): Buffer {
  return Buffer.from(
    `{"pit_id":"p","took":1,"timed_out":false,"_shards":{"failed":0},"hits":{"max_score":null,"hits":[${hits.join(',')}]}}`,
  );
}

const mark = 'd5b7';

function hit(source: string, sort = 1, name = '"_id":"1"', routing = ''): string {
  const start = `{"_index":"i",${name},"_version":3,"_score":null${routing}`;
  return `${start},"_source":${source},"sort":[${sort}],"matched_queries":["${mark}"]}`;
}

/** What is in a page, whether the mark is known or not. */
function scanned(bytes: Buffer): Page {
  const page = scanPage(bytes, mark);
  expect(comparable(page)).toEqual(comparable(scanPage(bytes, 'another')));
  return page;
}

function comparable({ documents, ...page }: Page) {
  const fields = documents.map(({ id, routing, version, source, oneLine }) => ({
    ...{ id, routing, version, oneLine, source: source.toString('latin1') },
  }));
  return { ...page, documents: fields };
}

test('an empty page', () => {
  expect(scanned(answer())).toEqual({
    frame: answer().toString(),
    documents: [],
    last: undefined,
    withoutSource: undefined,
  });
});

test('documents, with what surrounds them as JSON', () => {
  const page = scanned(
    answer(
      '{"_index":"i","_id":"a\\"\\u00e9","_version":9223372036854775807,"_score":null,"_routing":"r\\n","_ignored":["x"],"_source":{"a":1},"sort":[7,"x"]}',
      hit('{"b":[{}]}', 8),
    ),
  );
  expect(page).toMatchObject({ frame: answer().toString(), last: '[8]', withoutSource: undefined });
  expect(comparable(page).documents).toEqual([
    { id: 'a"é', version: '9223372036854775807', routing: 'r\n', oneLine: true, source: '{"a":1}' },
    { id: '1', version: '3', routing: undefined, oneLine: true, source: '{"b":[{}]}' },
  ]);
});

test.each([
  ['spaces', '  {"a" : 1.0 } \t', true],
  ['line feeds', '{\n"a":1}\n', false],
  ['a comment in a block', '{"a":1/* "}] */}', false],
  ['a comment to the end of the line', '{"a":1 // "}]\n}', false],
  ['comments around it', '/* { */{}/* } */', false],
  ['a byte order mark', '\uFEFF{"a":1}', false],
  ['the address of a page', '{"a":"https://example.com/*"}', true],
  ['strings like structure', '{"a":"\\"}],\\\\","sort":[1],"_source":{"hits":[]}}', true],
])('a source with %s', (_, source, oneLine) => {
  const [, first, second] = scanned(answer(hit('{}'), hit(source), hit('{}'))).documents;
  expect(first?.source.toString()).toBe(source);
  expect([first?.oneLine, second?.oneLine]).toEqual([oneLine, true]);
});

test('a source that is not UTF-8 is kept, and cannot stand in a line', () => {
  const bytes = answer(hit('{"a":"%"}'), hit('{}'));
  bytes[bytes.indexOf('%')] = 0xff;
  const [first, second] = scanned(bytes).documents;
  expect(first?.source.toString('hex')).toBe(Buffer.from('{"a":"\xff"}', 'latin1').toString('hex'));
  expect([first?.oneLine, second?.oneLine]).toEqual([false, true]);
});

test('whatever JSON a source is, it is cut out whole', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.json(), fc.string(), fc.string()), { maxLength: 5 }), (values) => {
      const hits = values.map(([json, id, routing], position) => {
        const where = routing === '' ? '' : `,"_routing":${JSON.stringify(routing)}`;
        return hit(`{"v":${json}}`, position, `"_id":${JSON.stringify(id)}`, where);
      });
      const { documents, last } = scanned(answer(...hits));
      expect(documents.map(({ id, routing, source }) => [source.toString(), id, routing])).toEqual(
        values.map(([json, id, routing]) => [`{"v":${json}}`, id, routing === '' ? undefined : routing]),
      );
      expect(last).toBe(values.length === 0 ? undefined : `[${values.length - 1}]`);
    }),
  );
});

test('what was looked up by id, there or not', () => {
  const answer = Buffer.from(
    '{"docs":[{"_index":"i","_id":"a\\"","_version":3,"_seq_no":12,"_primary_term":2,"_routing":"r","found":true,"_source":{"n":1.0}},' +
      '{"_index":"i","_id":"b","found":false},' +
      '{"_index":"i","_id":"c","error":{"type":"routing_missing_exception","reason":"x"}}]}',
  );
  const [one, two, three] = scanFound(answer);
  expect({ ...one, source: one?.source?.toString() }).toMatchObject({
    ...{ id: 'a"', routing: 'r', seen: '12.2', source: '{"n":1.0}', error: undefined },
  });
  expect(two).toMatchObject({ id: 'b', source: undefined, error: undefined });
  expect(three).toMatchObject({ id: 'c', error: '{"type":"routing_missing_exception","reason":"x"}' });
  expect(scanFound(Buffer.from('{"docs":[]}'))).toEqual([]);
  expect(() => scanFound(answer.subarray(0, 50))).toThrow(SyntaxError);
});

test('a document without its source is named', () => {
  const page = scanned(answer(hit('{}'), '{"_index":"i","_id":"bare","_score":null,"sort":[1]}'));
  expect(page.withoutSource).toBe('bare');
});

test('a source that pretends to end stays whole', () => {
  const forged = '{"a":{"sort":[1],"matched_queries":["d5b6"]},"b":"],\\"matched_queries\\":[\\"x\\"]}"}';
  const { documents } = scanned(answer(hit('{}'), hit(forged), hit('{}')));
  expect(documents.map(({ source }) => source.toString())).toEqual(['{}', forged, '{}']);
});

test('a server that puts more behind the sources than was asked for is followed member by member', () => {
  const more = (source: string) => hit(source).replace(',"sort"', ',"fields":{"a":[1]},"sort"');
  const { documents } = scanned(answer(more('{"a":1}'), more('{"a":2}')));
  expect(documents.map(({ source }) => source.toString())).toEqual(['{"a":1}', '{"a":2}']);
});

test('an answer that is cut short anywhere is refused', () => {
  const whole = answer(hit('{"a":"\\"x"}'), hit('{"a":"\\"x"}'), hit('{"b":/* */2}'));
  for (let length = 0; length < whole.length; length++) {
    expect(() => scanPage(whole.subarray(0, length), mark)).toThrow(SyntaxError);
  }
});
