import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { fullAdvice } from './errors.ts';
import type { Server } from './server.ts';

/**
 * Who answers at this address, and that it knows a leader. `details`: `clusterId`, in the hexadecimal digits that
 * etcdctl shows; it tells whether two moments may be compared.
 *
 * @throws StoreRefused where etcd has found its own data corrupt: such keys are no backup.
 */
export async function describeServer(server: Server, signal: AbortSignal): Promise<StoreDescription> {
  const { address } = server;
  const { header, version, leader, errors } = await server.call('Maintenance/Status', {}, signal);
  if (leader === '0') {
    throw new HoldfastError('StoreUnavailable', `etcd at ${address} has no leader.`, {
      details: { address },
    });
  }
  if (hasAlarm(errors, 'CORRUPT')) {
    throw new HoldfastError(
      'StoreRefused',
      `etcd at ${address} has the alarm CORRUPT: its members differ. Repair the cluster first.`,
      { details: { address, alarm: 'CORRUPT' } },
    );
  }
  return { kind: 'etcd', version, address, details: { clusterId: hex(header.clusterId) } };
}

/**
 * A full etcd takes no keys, and says so of every one of them; better once, and before the first.
 *
 * @throws StoreRefused
 */
export async function requireSpace(server: Server, signal: AbortSignal): Promise<void> {
  const { address } = server;
  const { errors } = await server.call('Maintenance/Status', {}, signal);
  if (!hasAlarm(errors, 'NOSPACE')) return;
  throw new HoldfastError(
    'StoreRefused',
    `etcd at ${address} has the alarm NOSPACE: it takes no keys. ${fullAdvice}`,
    // The status makes it final: it is an alarm of the cluster, not of this member.
    { details: { address, alarm: 'NOSPACE', status: 8 } },
  );
}

function hasAlarm(errors: readonly string[], name: string): boolean {
  return errors.some((words) => words.includes(`alarm:${name}`));
}

export function hex(decimal: string): string {
  return BigInt(decimal).toString(16);
}
