import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { Binding } from '../store.ts';
import type { Connection } from './connection.ts';
import { hex } from './describe.ts';
import type { KeyValue } from './messages.ts';
import type { Server } from './server.ts';
import type { EtcdSettings } from './settings.ts';

/** What a lease adds to the meta of its keys: its id as etcdctl shows it, and seconds. */
export type LeaseMeta = Readonly<Record<'lease' | 'leaseGrantedTtl' | 'leaseTtl', string>>;

/** Questions at once. */
const lanes = 32;

/**
 * The leases of keys that are read. Each is asked for once, when its first key is met: a lease says nothing of an
 * earlier revision, so its remaining time is that of the moment of asking.
 */
export function createLeases(connection: Connection) {
  const known = new Map<string, LeaseMeta>();

  async function learn(kvs: readonly KeyValue[], signal: AbortSignal): Promise<void> {
    const wanted = new Set(kvs.map(({ lease }) => lease).filter((id) => id !== '0' && !known.has(id)));
    await ask([...wanted], signal);
  }

  /** Those of all keys at once, before any of them runs out. */
  async function learnAll(signal: AbortSignal): Promise<void> {
    const { leases } = await connection.inTurn(signal, (server) =>
      server.call('Lease/LeaseLeases', {}, signal),
    );
    await ask(
      leases.map(({ id }) => id),
      signal,
    );
  }

  async function ask(ids: readonly string[], signal: AbortSignal): Promise<void> {
    for (let start = 0; start < ids.length; start += lanes) {
      const some = ids.slice(start, start + lanes);
      const found = await Promise.all(
        some.map((id) => connection.inTurn(signal, (server) => askLease(server, id, signal))),
      );
      for (const [index, id] of some.entries()) {
        const meta = found[index];
        if (meta !== undefined) known.set(id, meta);
      }
    }
  }

  return { learn, learnAll, of: (id: string): LeaseMeta | undefined => known.get(id) };
}

/** A lease that is no more has the remaining time 0. */
async function askLease(server: Server, id: string, signal: AbortSignal): Promise<LeaseMeta> {
  const { ttl, grantedTtl } = await server.call('Lease/LeaseTimeToLive', { id }, signal);
  return { lease: hex(id), leaseGrantedTtl: grantedTtl, leaseTtl: ttl.startsWith('-') ? '0' : ttl };
}

/** What a restore makes of the lease that a key had. */
export function bindingOf({ meta }: KeyRecord, { leases }: EtcdSettings): Binding | undefined {
  return meta.lease === undefined ? undefined : { to: 'lease', fate: fates[leases] };
}

const fates = { drop: 'dropped', regrant: 'renewed', fail: 'refused' } as const;

/** Grants the leases that restored keys are bound to: one for each lease of the backup. */
export function createRegrant(connection: Connection, onGranted: () => void) {
  const granted = new Map<string, Promise<string>>();

  /** The id of the new lease. */
  return (meta: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> => {
    const old = meta.lease ?? '';
    let id = granted.get(old);
    if (id === undefined) {
      // etcd has no lease of less than a second.
      const ttl = String(Math.max(1, Number(meta.leaseTtl ?? '0')));
      id = connection
        .inTurn(signal, (server) => server.call('Lease/LeaseGrant', { ttl, id: '0' }, signal))
        .then((answer) => {
          onGranted();
          return answer.id;
        });
      id.catch(() => granted.delete(old));
      granted.set(old, id);
    }
    return id;
  };
}
