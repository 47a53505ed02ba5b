import type { Connection } from './connection.ts';
import { rangeOf } from './range.ts';

/** How many keys an etcd holds now, and at which revision: decimal strings. */
export async function countKeys(
  connection: Connection,
  signal: AbortSignal,
): Promise<{ readonly count: string; readonly revision: string }> {
  const { count, header } = await connection.inTurn(signal, (server) =>
    server.call('KV/Range', { ...rangeOf(''), countOnly: true }, signal),
  );
  return { count, revision: header.revision };
}
