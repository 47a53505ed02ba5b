import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { EtcdSettings } from './settings.ts';

/** What a server takes as one transaction. It starts at the settings and follows what the server says. */
export interface Limits {
  /** `--max-txn-ops`. */
  operations: number;
  /** `--max-request-bytes`. */
  body: number;
}

export function initialLimits({ maxRequestBytes }: EtcdSettings): Limits {
  return { operations: 128, body: maxRequestBytes };
}

/** Beside the writes: etcd puts the request, with the user's name, into an entry of its log. */
export const requestOverhead = 512;

/** A bound of the bytes of one guarded write: guard, put, and the question what is there where the guard fails. */
export function writeBytes(key: Buffer, value: Buffer | null): number {
  return 3 * key.length + (value?.length ?? 0) + 100;
}

/** Why no request can name this key, or `undefined`. */
export function refusalOfKey(key: Buffer): string | undefined {
  return key.length === 0 ? 'etcd has no empty key' : undefined;
}

/** Why no request can carry this record to a server with these limits, or `undefined`. */
export function refusalOf(record: KeyRecord, limits: Limits, settings: EtcdSettings): string | undefined {
  const { key, value, meta } = record;
  const reason = refusalOfKey(key);
  if (reason !== undefined) return reason;
  if (requestOverhead + writeBytes(key, value) > limits.body) {
    return `key and value have ${key.length + (value?.length ?? 0)} bytes, and the server takes requests of ${limits.body} (--max-request-bytes)`;
  }
  if (settings.leases === 'fail' && meta.lease !== undefined) {
    return `bound to lease ${meta.lease} (leases: fail)`;
  }
  return undefined;
}

export function isRevision(digits: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(digits) && BigInt(digits) < 2n ** 63n;
}
