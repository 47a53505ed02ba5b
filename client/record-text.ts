import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { visible } from './visible.ts';

/** A key as a terminal may show it. */
export function keyText(key: Buffer): string {
  return isUtf8(key) ? visible(key.toString()) : `base64:${key.toString('base64')}`;
}

/** A value as a terminal may show it. */
export function valueText(value: Buffer | null): string {
  if (value === null) return 'null';
  return isUtf8(value) ? visible(value.toString()) : `base64:${value.toString('base64')}`;
}

export function keyJson(key: Buffer): Readonly<Record<string, string>> {
  return isUtf8(key) ? { key: key.toString() } : { keyBase64: key.toString('base64') };
}

/** As a record's line in the archive without its key, but with `bytes`, and with the value only where it is wanted. */
export function contentJson(
  { value, attributes, meta }: KeyRecord,
  values: boolean,
): Record<string, unknown> {
  return { ...attributes, bytes: value?.length ?? null, ...(values && valueJson(value)), meta };
}

function valueJson(value: Buffer | null): Record<string, unknown> {
  if (value === null) return { text: null };
  return isUtf8(value) ? { text: value.toString() } : { base64: value.toString('base64') };
}
