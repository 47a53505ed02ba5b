import { readTls } from '../http.ts';
import { createInTurn } from '../in-turn.ts';
import type { InTurn } from '../in-turn.ts';
import { openServer } from './server.ts';
import type { Server } from './server.ts';
import type { ConsulSettings } from './settings.ts';

/** Consul's HTTP interface, at whichever of its addresses serves. */
export interface Connection {
  readonly settings: ConsulSettings;
  readonly inTurn: InTurn<Server>;
  close(): void;
}

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function openConnection(settings: ConsulSettings): Connection {
  const tls = readTls('consul.tls', settings.tls);
  const servers = settings.addresses.map((address) => openServer(address, settings, tls));
  return {
    settings,
    inTurn: createInTurn(servers),
    close: () => servers.forEach((server) => server.close()),
  };
}
