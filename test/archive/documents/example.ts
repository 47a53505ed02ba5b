import type { DocumentBatch, IndexDefinition } from '../../../workflows/contract/document.ts';
import { document } from './memory.ts';

/** What the worked example of FORMAT.md holds. */
export const exampleDefinitions: readonly IndexDefinition[] = [
  {
    index: 'orders',
    kind: 'index',
    mappings: '{"properties":{"n":{"type":"long"}}}',
    settings: '{"index":{"number_of_shards":"1"}}',
    aliases: '{"all":{}}',
  },
  { index: 'logs', kind: 'data stream', mappings: '{}', settings: '{}', aliases: '{}' },
];

export const exampleBatches: readonly DocumentBatch[] = [
  {
    index: 'orders',
    documents: [
      { ...document('größe', '{"n":9007199254740993,"price":1.0}'), version: '3' },
      { ...document('2', '{\n  "pretty": true\n}\n', 'r'), oneLine: false },
    ],
  },
];
