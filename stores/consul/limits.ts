import { isUtf8 } from 'node:buffer';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { fitsPath } from './keys.ts';
import { setOperation } from './operation.ts';

/** What a server takes. It starts at Consul's defaults and follows what the server says. */
export interface Limits {
  /** Operations of one transaction: 128, before Consul 1.14 64. */
  operations: number;
  /** Bytes of a transaction's JSON: `txn_max_req_len`, or `kv_max_value_size` where that is larger. */
  body: number;
  /** Bytes of a value: `kv_max_value_size`. */
  value: number;
}

export function defaultLimits(): Limits {
  return { operations: 128, body: 524_288, value: 524_288 };
}

/** Why no request can name this key, or `undefined`. */
export function refusalOfKey(key: Buffer): string | undefined {
  if (key.length === 0) return 'Consul has no empty key';
  if (!isUtf8(key)) return 'the key is not UTF-8, and Consul takes keys as JSON only';
  return undefined;
}

/** Why no request can carry this record to a server with these limits, or `undefined`. */
export function refusalOf(record: KeyRecord, limits: Limits): string | undefined {
  const { key, value } = record;
  const size = value?.length ?? 0;
  const reason = refusalOfKey(key);
  if (reason !== undefined) return reason;
  const flags = record.attributes.flags ?? '0';
  if (!isUint64(flags)) return `the flags ${flags} are no 64-bit number`;
  if (size > limits.value)
    return `the value has ${size} bytes, the server takes ${limits.value} (kv_max_value_size)`;
  if (fitsTransaction(record, limits) || fitsPath(key.toString('utf8'))) return undefined;
  return (
    `the value has ${size} bytes, too many for a transaction (txn_max_req_len ${limits.body}), ` +
    'and the key cannot stand in a URL'
  );
}

export function fitsTransaction(record: KeyRecord, limits: Limits): boolean {
  const size = Math.ceil((record.value?.length ?? 0) / 3) * 4;
  // The exact length costs as much as encoding the value; far from the limit a generous guess will do.
  if (size + 6 * record.key.length + 200 <= limits.body) return true;
  return setOperation(record, '18446744073709551615').length + '[]'.length <= limits.body;
}

export function isUint64(digits: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(digits) && BigInt(digits) < 2n ** 64n;
}
