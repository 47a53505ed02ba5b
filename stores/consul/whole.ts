import type { StreamedBody } from '../http.ts';
import type { SnapshotReading } from '../store.ts';
import { openConnection } from './connection.ts';
import { ask, textOf } from './server.ts';
import type { ConsulSettings } from './settings.ts';
import { openSnapshot, snapshotError } from './snapshot.ts';

/** A Consul that is looked at and replaced as a whole. */
export interface WholeConsul {
  /** Everything, as it is now, whatever `consistency` says of backups. */
  snapshot(signal: AbortSignal): Promise<SnapshotReading>;
  /**
   * Replaces everything. Consul reads the file to its end and checks it before it begins; the same may be done again.
   *
   * @throws StoreRefused, StoreUnavailable, StoreUnreachable, and what reading the body throws
   */
  replace(file: StreamedBody, signal: AbortSignal): Promise<void>;
  /** Whether Consul knows the token of the settings. */
  tokenState(signal: AbortSignal): Promise<'ACLs are off' | 'known' | 'unknown'>;
  close(): void;
}

/** Consul answers when the leader has done all that a new leader does. */
const patience = 3_600_000;

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function openWholeConsul(settings: ConsulSettings): WholeConsul {
  const connection = openConnection({ ...settings, consistency: 'consistent' });
  return {
    snapshot: (signal) => openSnapshot(connection, signal),
    replace: (body, signal) =>
      connection.inTurn(signal, async (server) => {
        const path = '/v1/snapshot';
        const answer = await server.send({ method: 'PUT', path, body, patience, signal });
        const text = await textOf(answer, server.address, signal);
        const status = answer.statusCode ?? 0;
        if (status !== 200) throw snapshotError(server.address, status, text);
      }),
    tokenState: (signal) =>
      connection.inTurn(signal, async (server) => {
        const request = { method: 'GET', path: '/v1/acl/token/self', signal } as const;
        const { status } = await ask(server, request, [200, 401, 403]);
        if (status === 401) return 'ACLs are off';
        return status === 200 ? 'known' : 'unknown';
      }),
    close: () => connection.close(),
  };
}
