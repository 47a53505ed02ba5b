import { z } from 'zod';
import type { Row, RowReader } from './format.ts';
import { hasLost, shaped, text } from './shapes.ts';

/** What etcd 2 had and etcd 3 has not, in the words of a manifest. */
const reasons = {
  empty: 'an empty directory, which etcd 3 does not have',
  directory: 'a directory, which etcd 3 does not have; what is in it is kept',
  expired: 'expired before it was imported',
  replaced: 'the value had bytes that are no text; the dump has U+FFFD in their place',
};

const seconds = z.bigint({ error: 'expected whole seconds' }).nullish();
const shape = z.object(
  {
    // etcd-aws begins with the root, which has no name.
    key: text.refine((key) => key === '' || key.startsWith('/'), {
      error: 'expected a key that starts with /',
    }),
    value: text.nullish(),
    dir: z.boolean({ error: 'expected true or false' }).optional(),
    expiration: z.iso.datetime({ offset: true, error: 'expected a time' }).nullish(),
    ttl: seconds,
  },
  { error: 'expected an object' },
);

/**
 * Reads the nodes of etcd 2: `{"key":"/a","value":"x","expiration":"…"}`; without `value`, an empty directory. One
 * that will expire comes as a key with a lease of its own, so that `leases:` of the job says what a restore makes of it.
 */
export function etcdV2Rows(now: Date): RowReader {
  let leases = 0;

  function leaseOf(left: number): Record<string, string> {
    const ttl = String(left);
    return { lease: (++leases).toString(16), leaseGrantedTtl: ttl, leaseTtl: ttl };
  }

  return (found, source, refuse): Row => {
    const { key, value, dir = false, expiration, ttl } = shaped(shape, found, refuse);
    if (dir) return { leftOut: { reason: reasons.directory, key } };
    if (value === undefined || value === null) return { leftOut: { reason: reasons.empty, key } };
    const left = timeLeft(expiration ?? undefined, ttl ?? undefined, now);
    if (left !== undefined && left <= 0) return { leftOut: { reason: reasons.expired, key } };
    return {
      record: {
        key: Buffer.from(key),
        value: Buffer.from(value),
        attributes: {},
        meta: left === undefined ? {} : leaseOf(left),
      },
      ...(hasLost(source, value) && { leftOut: { reason: reasons.replaced, key } }),
    };
  };
}

/** Whole seconds; `undefined` where it stays for ever. The time itself counts; seconds alone are taken as they are. */
function timeLeft(expiration: string | undefined, ttl: bigint | undefined, now: Date): number | undefined {
  if (expiration !== undefined) return Math.ceil((new Date(expiration).getTime() - now.getTime()) / 1000);
  return ttl === undefined || ttl === 0n ? undefined : Number(ttl);
}
