import { must } from '../plain.ts';

/** Ids that break what is careless with them. */
export const hostileIds = [
  '..',
  'a/b?c#d%2F',
  ' spaces ',
  '"quoted\\"',
  'line\nfeed\0nul',
  'größe-😀',
  '_underscore',
  '+1',
  'x'.repeat(512),
];

/** Sources as they are to come back, byte for byte. */
export const hostileSources: Readonly<Record<string, string>> = {
  numbers: '{"long":9223372036854775807,"least":-9223372036854775808,"one":1.0,"small":1e-7,"zero":-0.0}',
  spaces: ' { "a" : 1 ,\t"b":[ ] }  ',
  pretty: '{\n  "a": 1,\n  "b": {\n    "sort": [1]\n  }\n}\n',
  commented: '{ "a": 1, /* "}, \n */ "b": "x" }',
  escapes: '{"text":"\\u0041\\/\\"}, \\ud83d\\ude00 \u2028 größe","key\\"]}":"\\\\"}',
  empty: '{}',
};

/** Fills a cluster with everything that an export may stumble over. */
export async function fillHostile(address: string): Promise<void> {
  const put = (path: string, body: unknown) => must(address, 'PUT', path, body);
  await put('/orders', {
    settings: { number_of_shards: 3, number_of_replicas: 0 },
    mappings: {
      _meta: { kept: true },
      dynamic: false,
      properties: {
        items: { type: 'nested', properties: { n: { type: 'long' } } },
        long: { type: 'long' },
      },
    },
    aliases: { current: { filter: { term: { long: 1 } } } },
  });
  for (const [id, source] of Object.entries(hostileSources)) {
    await put(`/orders/_doc/${id}?version=7&version_type=external`, source);
  }
  const lines = hostileIds.map((id) => `{"index":{"_id":${JSON.stringify(id)}}}\n{"a":1}\n`);
  const { errors } = (await must(address, 'POST', '/orders/_bulk', lines.join(''))) as { errors: boolean };
  if (errors) throw new Error('the hostile ids were not taken');
  await put('/orders/_doc/question', { items: [{ n: 1 }, { n: 2 }] });
  await put('/orders/_doc/answer?routing=question', { parent: 'question' });
  await put('/orders/_doc/gone', {});
  await must(address, 'DELETE', '/orders/_doc/gone');
  // No such pipeline is anywhere: whoever lets it run cannot write.
  await put('/orders/_settings', { final_pipeline: 'missing', default_pipeline: 'missing' });

  await put('/empty', { settings: { number_of_replicas: 0 } });
  await put('/large', {
    settings: { number_of_replicas: 0 },
    mappings: { properties: { blob: { type: 'keyword', index: false, doc_values: false } } },
  });
  for (let n = 0; n < 3; n++) await put(`/large/_doc/${n}`, { n, blob: String(n).repeat(10_000_000) });

  await put('/_index_template/stream', { index_patterns: ['stream'], data_stream: {} });
  await put('/_data_stream/stream', undefined);
  for (let n = 0; n < 5; n++) {
    await must(address, 'POST', '/stream/_doc', { '@timestamp': '2026-11-22T00:00:00Z', n });
    if (n === 2) await must(address, 'POST', '/stream/_rollover');
  }
}

/** Documents in all of it. */
export const hostileCount = Object.keys(hostileSources).length + hostileIds.length + 2 + 3 + 5;
