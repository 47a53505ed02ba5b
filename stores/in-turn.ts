import { HoldfastError } from '../workflows/contract/errors.ts';

/** What an address that could not serve came to. */
interface Failure {
  readonly address: string;
  readonly error: HoldfastError;
}

/** Tries servers in turn, the one that served last first. An answer that refuses is final. */
export type InTurn<Server> = <T>(signal: AbortSignal, use: (server: Server) => Promise<T>) => Promise<T>;

/** The servers are those of one cluster: what one of them refuses, the others would refuse too. */
export function createInTurn<Server extends { readonly address: string }>(
  servers: readonly Server[],
): InTurn<Server> {
  let preferred = 0;

  return async (signal, use) => {
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
  };
}

/** The store itself refused, with a status of its protocol. */
function isFinal(error: HoldfastError): boolean {
  return !error.retryable && error.details.status !== undefined;
}

/** What became of every address, as one error: nothing here served. */
export function noneServed(failures: readonly Failure[]): HoldfastError {
  const [first] = failures;
  if (first === undefined) throw new Error('no address was tried');
  if (failures.length === 1) return first.error;
  const errors = failures.map(({ error }) => error);
  const worst =
    errors.find(({ code }) => code === 'StoreUnavailable') ??
    errors.find(({ retryable }) => retryable) ??
    first.error;
  const reasons = errors.map(({ message }) => message.replace(/\.$/, '')).join('; ');
  return new HoldfastError(worst.code, `None of ${failures.length} addresses served. ${reasons}.`, {
    cause: first.error,
    details: { addresses: failures.map(({ address }) => address) },
  });
}
