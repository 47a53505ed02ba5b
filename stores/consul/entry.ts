import type { KeyRecord } from '../../workflows/contract/record.ts';
import { decodeBase64 } from './base64.ts';
import { malformed } from './json-bytes.ts';
import type { JsonBytes } from './json-bytes.ts';

const quote = 0x22;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const names = {
  lockIndex: Buffer.from('"LockIndex"'),
  key: Buffer.from('"Key"'),
  flags: Buffer.from('"Flags"'),
  value: Buffer.from('"Value"'),
  session: Buffer.from('"Session"'),
  createIndex: Buffer.from('"CreateIndex"'),
  modifyIndex: Buffer.from('"ModifyIndex"'),
};
const noFlags = Object.freeze({ flags: '0' });

/**
 * Reads one `{"LockIndex":0,"Key":"…",…}`; its fields may come in any order, and others (Consul Enterprise:
 * `Namespace`, `Partition`) are passed over. Afterwards `json.replaced` tells whether the key is what the store has.
 * Key and value are views of `json.bytes`, in which the value is written over its base64.
 */
export function readEntry(json: JsonBytes): KeyRecord {
  let key: Buffer | undefined;
  let valueStart: number | undefined;
  let valueEnd = 0;
  let flags: string | undefined;
  let createIndex: string | undefined;
  let modifyIndex: string | undefined;
  let lockIndex: string | undefined;
  let session: string | undefined;

  json.expect(openBrace);
  for (;;) {
    if (json.peek() !== quote) throw malformed;
    // In Consul's order, so that the first comparison is the right one nearly always.
    if (lockIndex === undefined && json.named(names.lockIndex)) lockIndex = json.number();
    else if (key === undefined && json.named(names.key)) key = json.exactBytes();
    else if (flags === undefined && json.named(names.flags)) flags = json.number();
    else if (valueStart === undefined && json.named(names.value)) {
      valueStart = json.base64OrNull();
      valueEnd = json.position - 1;
    } else if (createIndex === undefined && json.named(names.createIndex)) createIndex = json.number();
    else if (modifyIndex === undefined && json.named(names.modifyIndex)) modifyIndex = json.number();
    else if (json.named(names.session)) session = json.text();
    else json.skipField();
    const next = json.peek();
    json.position++;
    if (next === closeBrace) break;
    if (next !== comma) throw malformed;
  }
  if (
    key === undefined ||
    valueStart === undefined ||
    flags === undefined ||
    createIndex === undefined ||
    modifyIndex === undefined ||
    lockIndex === undefined
  ) {
    throw malformed;
  }
  // Only now: an entry that is not complete is read once more, from its text.
  const value = valueStart < 0 ? null : decodeBase64(json.bytes, valueStart, valueEnd);
  if (value === undefined) {
    json.position = valueStart;
    throw malformed;
  }
  // Sorted by name, as the archive writes them.
  const indices = { createIndex, lockIndex, modifyIndex };
  return {
    key,
    value,
    attributes: flags === '0' ? noFlags : { flags },
    meta: session === undefined ? indices : { ...indices, session },
  };
}
