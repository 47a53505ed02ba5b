import { z } from 'zod';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { consulRecurseRow } from './consul-recurse.ts';
import type { RowReader } from './format.ts';
import { base64, shaped, text, uint64 } from './shapes.ts';

const row = <T extends z.ZodType>(value: T) =>
  z.tuple([text, uint64, value.nullable()], { error: 'expected a list of key, flags and value' });
const textRow = row(text.transform((value) => Buffer.from(value)));
const base64Row = row(base64);

/**
 * `["key", 0, "value"]`: rows of consulate and of adsabs/consul-backup. Rows of Consul's own may stand among them, as
 * their restore takes them too.
 */
export function consulateRow(isBase64: boolean): RowReader {
  return (found, source, refuse) => {
    if (!Array.isArray(found)) return consulRecurseRow(found, source, refuse);
    const [key, flags, value] = shaped(isBase64 ? base64Row : textRow, found, refuse);
    return { record: { key: Buffer.from(key), value, attributes: { flags }, meta: {} } };
  };
}

/** Why a row of consulate cannot hold this record, or `undefined`. */
export function refusalOfConsulate({ value }: KeyRecord, isBase64: boolean): string | undefined {
  if (isBase64 || value === null || isText(value)) return undefined;
  return 'the value is no text (--base64 writes every value as base64)';
}

/** The list as Python's `json.dumps` writes it: one line, ASCII. */
export const consulateText = {
  start: '[',
  separator: ', ',
  end: ']\n',
  row({ key, value, attributes }: KeyRecord, isBase64: boolean): string {
    const shown =
      value === null ? 'null' : isBase64 ? `"${value.toString('base64')}"` : ascii(value.toString());
    return `[${ascii(key.toString())}, ${attributes['flags'] ?? '0'}, ${shown}]`;
  },
};

function isText(value: Buffer): boolean {
  return Buffer.from(value.toString()).equals(value);
}

function ascii(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
