import { z } from 'zod';
import type { KeyRecord } from '../workflows/contract/record.ts';
import type { RowReader } from './format.ts';
import { base64, hasLost, shaped, text, uint64 } from './shapes.ts';

const shape = z.object({ key: text, flags: uint64, value: base64 }, { error: 'expected an object' });

/** `{"key":"…","flags":0,"value":"<base64>"}`: what `consul kv export` prints. */
export const consulKvExportRow: RowReader = (row, source, refuse) => {
  const { key, flags, value } = shaped(shape, row, refuse);
  if (hasLost(source, key))
    throw refuse(`has a key that is not UTF-8, and that Consul could not show: ${key}`);
  return { record: { key: Buffer.from(key), value, attributes: { flags }, meta: {} } };
};

/** The list as `consul kv export` of Consul 1.22 prints it: indented by tabs, escaped as Go does it. */
export const consulKvExportText = {
  start: '[\n',
  separator: ',\n',
  end: '\n]\n',
  row: ({ key, value, attributes }: KeyRecord): string =>
    `\t{\n\t\t"key": ${go(key.toString())},\n\t\t"flags": ${attributes['flags'] ?? '0'},\n` +
    `\t\t"value": "${value?.toString('base64') ?? ''}"\n\t}`,
};

function go(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
