import { HoldfastError } from '../../workflows/contract/errors.ts';
import { noneServed } from './errors.ts';
import type { Failure } from './errors.ts';
import { openServer, readTls } from './server.ts';
import type { Server } from './server.ts';
import type { ConsulSettings } from './settings.ts';

/** Consul's HTTP interface, at whichever of its addresses serves. */
export interface Connection {
  readonly settings: ConsulSettings;
  /** Tries the addresses in turn, the one that served last first. An answer that refuses is final. */
  inTurn<T>(signal: AbortSignal, use: (server: Server) => Promise<T>): Promise<T>;
  close(): void;
}

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function openConnection(settings: ConsulSettings): Connection {
  const tls = readTls(settings);
  const servers = settings.addresses.map((address) => openServer(address, settings, tls));
  let preferred = 0;

  return {
    settings,
    async inTurn(signal, use) {
      const failures: Failure[] = [];
      const order = [...servers.keys()].map((turn) => (preferred + turn) % servers.length);
      for (const index of order) {
        const server = servers[index];
        if (server === undefined) continue;
        signal.throwIfAborted();
        try {
          const result = await use(server);
          preferred = index;
          return result;
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof HoldfastError) || isFinal(error)) throw error;
          failures.push({ address: server.address, error });
        }
      }
      throw noneServed(failures);
    },
    close: () => servers.forEach((server) => server.close()),
  };
}

/** Consul itself refused: another address of the same cluster would say the same. */
function isFinal(error: HoldfastError): boolean {
  return !error.retryable && error.details.status !== undefined;
}
