import type { KeyRecord } from '../../workflows/contract/record.ts';

/**
 * Operations of a transaction as JSON. They are put together as text, since flags and indices reach 2^64-1 and
 * JavaScript's numbers do not; everything but the key is ASCII.
 */

/** Sets the key if its ModifyIndex is still `seen`, with `0`: if there is no such key. */
export function setOperation({ key, value, attributes }: KeyRecord, seen: string): string {
  const base64 = value === null ? 'null' : `"${value.toString('base64')}"`;
  const fields = `"Value":${base64},"Flags":${attributes.flags ?? '0'},"Index":${seen}`;
  return `{"KV":{"Verb":"cas","Key":${quoted(key)},${fields}}}`;
}

/**
 * Deletes the key if its ModifyIndex is still `seen`. Consul's `delete-cas` also succeeds where the key is gone
 * already; the check before the deletion tells the two apart.
 */
export function deleteOperations(key: Buffer, seen: string): readonly string[] {
  return [
    `{"KV":{"Verb":"check-index","Key":${quoted(key)},"Index":${seen}}}`,
    `{"KV":{"Verb":"delete","Key":${quoted(key)}}}`,
  ];
}

export function getOperation(key: Buffer): string {
  return `{"KV":{"Verb":"get","Key":${quoted(key)}}}`;
}

function quoted(key: Buffer): string {
  return JSON.stringify(key.toString('utf8'));
}
