import type { KeyRecord } from '../../../workflows/contract/record.ts';
import { decodeAt, type Value } from './msgpack.ts';
import { mapOf, tenancy, textOf } from './kinds.ts';

/** The type of the messages that are keys (`KVSRequestType`). */
export const keyMessage = 2;

const noFlags = Object.freeze({ flags: '0' });

/**
 * A key as the HTTP interface would show it, but for keys that are not UTF-8, which are exact here. Key and value are
 * views. `tenancy` is not empty where it is one of another namespace of Consul Enterprise.
 */
export function readKeyEntry(bytes: Buffer): { readonly record: KeyRecord; readonly tenancy: string } {
  const entry = mapOf(decodeAt(bytes, 0)[0]);
  const get = (name: string) => entry?.fields.get(name);
  const key = get('Key');
  const value = get('Value');
  const flags = digits(get('Flags'));
  const session = textOf(get('Session'));
  // Sorted by name, as the archive writes them.
  const indices = {
    createIndex: digits(get('CreateIndex')),
    lockIndex: digits(get('LockIndex')),
    modifyIndex: digits(get('ModifyIndex')),
  };
  return {
    record: {
      key: Buffer.isBuffer(key) ? key : Buffer.alloc(0),
      value: Buffer.isBuffer(value) && value.length > 0 ? value : null,
      attributes: flags === '0' ? noFlags : { flags },
      meta: session === '' ? indices : { ...indices, session },
    },
    tenancy: entry === undefined ? '' : tenancy(entry),
  };
}

/** A number as decimal digits; `0` where it is none. */
export function digits(value: Value | undefined): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '0';
}
