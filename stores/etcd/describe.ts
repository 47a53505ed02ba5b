import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { fullAdvice } from './errors.ts';
import type { Calls } from './messages.ts';
import type { Server } from './server.ts';

/**
 * Who answers at this address, and that it knows a leader. `details`: `clusterId`, in the hexadecimal digits that
 * etcdctl shows; it tells whether two moments may be compared.
 *
 * @throws StoreRefused where etcd has found its own data corrupt: such keys are no backup.
 */
export async function describeServer(server: Server, signal: AbortSignal): Promise<StoreDescription> {
  const { address } = server;
  const status = await server.call('Maintenance/Status', {}, signal);
  requireHealth(status, address);
  const { header, version } = status;
  return { kind: 'etcd', version, address, details: { clusterId: hex(header.clusterId) } };
}

/** @throws StoreUnavailable without a leader; StoreRefused where etcd has found its own data corrupt. */
export function requireHealth(
  { leader, errors }: Calls['Maintenance/Status']['response'],
  address: string,
): void {
  if (leader === '0') {
    throw new HoldfastError('StoreUnavailable', `etcd at ${address} has no leader.`, {
      details: { address },
    });
  }
  if (alarmsIn(errors).includes('CORRUPT')) {
    throw new HoldfastError(
      'StoreRefused',
      `etcd at ${address} has the alarm CORRUPT: its members differ. Repair the cluster first.`,
      { details: { address, alarm: 'CORRUPT' } },
    );
  }
}

/**
 * A full etcd takes no keys, and says so of every one of them; better once, and before the first.
 *
 * @throws StoreRefused
 */
export async function requireSpace(server: Server, signal: AbortSignal): Promise<void> {
  const { address } = server;
  const { errors } = await server.call('Maintenance/Status', {}, signal);
  if (!alarmsIn(errors).includes('NOSPACE')) return;
  throw new HoldfastError(
    'StoreRefused',
    `etcd at ${address} has the alarm NOSPACE: it takes no keys. ${fullAdvice}`,
    // The status makes it final: it is an alarm of the cluster, not of this member.
    { details: { address, alarm: 'NOSPACE', status: 8 } },
  );
}

/** The names of the alarms that are raised anywhere in the cluster, each once. */
export function alarmsIn(errors: readonly string[]): readonly string[] {
  const names = errors.flatMap((words) => [...words.matchAll(/alarm:(\w+)/g)].map(([, name = '']) => name));
  return [...new Set(names)].sort();
}

export function hex(decimal: string): string {
  return BigInt(decimal).toString(16);
}
