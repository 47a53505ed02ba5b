import { createInTurn } from '../in-turn.ts';
import type { InTurn } from '../in-turn.ts';
import { openServer, readCredentials } from './server.ts';
import type { Server } from './server.ts';
import type { EtcdSettings } from './settings.ts';

/** etcd's gRPC interface, at whichever of its endpoints serves. */
export interface Connection {
  readonly settings: EtcdSettings;
  readonly inTurn: InTurn<Server>;
  /** For whoever chooses among them. */
  readonly servers: readonly Server[];
  close(): void;
}

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function openConnection(settings: EtcdSettings): Connection {
  const secure = readCredentials(settings);
  const servers = settings.endpoints.map((address) => openServer(address, settings, secure));
  return {
    settings,
    inTurn: createInTurn(servers),
    servers,
    close: () => servers.forEach((server) => server.close()),
  };
}
