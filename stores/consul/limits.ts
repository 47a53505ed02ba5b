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

/**
 * From so many bytes on, a value sent alone and as it is costs Consul less than its part of a transaction, which is
 * base64 in JSON (docs/performance.md).
 */
const aloneFrom = 16 * 1024;
/** A longer name in a URL is where what stands between us and Consul might refuse. */
const longestInUrl = 2048;

/** Whether a request of its own is better for this record than a transaction, or the only one that can carry it. */
export function goesAlone(record: KeyRecord, limits: Limits): boolean {
  const { key, value } = record;
  if ((value?.length ?? 0) < aloneFrom) return false;
  if (!fitsTransaction(record, limits)) return true;
  return key.length <= longestInUrl && fitsPath(key.toString('utf8'));
}

export function fitsTransaction(record: KeyRecord, limits: Limits): boolean {
  const size = Math.ceil((record.value?.length ?? 0) / 3) * 4;
  // The exact length costs as much as encoding the value; far from the limit a generous guess will do.
  if (size + 6 * record.key.length + 200 <= limits.body) return true;
  return setOperation(record, '18446744073709551615').length + '[]'.length <= limits.body;
}

export function isUint64(digits: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(digits) && (digits.length < 20 || BigInt(digits) < 2n ** 64n);
}
