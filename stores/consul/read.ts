import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Scope } from '../../workflows/contract/manifest.ts';
import { free, freedInTurn } from '../../workflows/contract/memory.ts';
import type { KeyRecord, RecordBatches } from '../../workflows/contract/record.ts';
import { createOrderCheck } from '../order.ts';
import type { Reading } from '../store.ts';
import type { Connection } from './connection.ts';
import { answerError } from './errors.ts';
import { expressiblePrefix, kvPath } from './keys.ts';
import { createScanner } from './scanner.ts';
import type { Scanned } from './scanner.ts';
import { bytesOf, textOf } from './server.ts';
import type { Server } from './server.ts';
import type { ConsulSettings } from './settings.ts';
import { requireFullSight } from './sight.ts';

/**
 * One `?recurse`: Consul answers it from one transaction of its memory, so it is one moment. The connection is held
 * until `records` has ended or was left, or the signal aborts.
 */
export async function openReading(
  connection: Connection,
  scope: Scope,
  signal: AbortSignal,
): Promise<Reading> {
  const { settings } = connection;
  return connection.inTurn(signal, async (server) => {
    await requireFullSight(server, settings, scope, signal);
    const answer = await listing(server, settings, scope, 'recurse', signal);
    requireUnfiltered(answer, server, scope);
    return {
      moment: {
        index: indexOf(answer, server),
        consistency: settings.consistency === 'stale' ? 'stale' : 'point-in-time',
      },
      records: recordsOf(answer, server, scope, signal),
      leftOut: () => [],
    };
  });
}

/** Asks for the list of a scope: 200, or 404 where there is none of its keys. */
export async function listing(
  server: Server,
  settings: ConsulSettings,
  scope: Scope,
  form: 'recurse' | 'keys',
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const path = `${kvPath(expressiblePrefix(scope.prefix))}?${form}&${settings.consistency}`;
  const answer = await server.send({ method: 'GET', path, signal });
  const status = answer.statusCode ?? 0;
  if (status === 200 || (status === 404 && answer.headers['x-consul-index'] !== undefined)) return answer;
  throw answerError(server.address, status, await textOf(answer, server.address, signal));
}

/** The index of the moment that an answer shows. */
export function indexOf(answer: IncomingMessage, server: Server): string {
  const index = answer.headers['x-consul-index'];
  if (typeof index === 'string' && /^\d+$/.test(index)) return index;
  answer.destroy();
  const found = `It has no X-Consul-Index; is it a Consul?`;
  throw new HoldfastError('StoreRefused', `${server.address} does not answer as a Consul does. ${found}`, {
    details: { address: server.address },
  });
}

export function isFiltered(answer: IncomingMessage): boolean {
  return answer.headers['x-consul-results-filtered-by-acls'] === 'true';
}

function requireUnfiltered(answer: IncomingMessage, server: Server, { prefix }: Scope): void {
  if (!isFiltered(answer)) return;
  answer.destroy();
  const under = prefix === '' ? '' : ` under ${JSON.stringify(prefix)}`;
  throw new HoldfastError(
    'ReadFiltered',
    `Consul at ${server.address} hides keys${under} from the token (X-Consul-Results-Filtered-By-ACLs).`,
    { details: { address: server.address, status: answer.statusCode } },
  );
}

function recordsOf(
  answer: IncomingMessage,
  server: Server,
  scope: Scope,
  signal: AbortSignal,
): RecordBatches {
  const batches = batchesOf(answer, server, scope, signal);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => batches.next(),
      // A generator that was never started would not run its `finally`.
      async return() {
        answer.destroy();
        return batches.return(undefined);
      },
    }),
  };
}

async function* batchesOf(
  answer: IncomingMessage,
  server: Server,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<readonly KeyRecord[], undefined> {
  const source = `Consul at ${server.address}`;
  const bytes = bytesOf(answer, server.address, signal);
  if (answer.statusCode === 404) {
    // Only an empty answer means an empty store.
    for await (const chunk of bytes)
      if (chunk.length > 0) throw answerError(server.address, 404, chunk.toString());
    return;
  }

  const scanner = createScanner(source, Buffer.from(scope.prefix));
  const ordered = createOrderCheck(source);
  function* batchOf({ records, memory }: Scanned): Generator<readonly KeyRecord[]> {
    // With keys that cannot be read there will be no backup; the rest is read to name them all.
    if (records.length > 0 && scanner.replaced.count === 0) {
      ordered(records);
      yield records;
    }
    free(memory);
  }

  for await (const chunk of freedInTurn(bytes)) {
    const scanned = scanner.push(chunk);
    if (scanned !== undefined) yield* batchOf(scanned);
  }
  const last = scanner.end();
  if (scanner.replaced.count > 0) throw unreadable(source, scanner.replaced);
  yield* batchOf(last);
}

function unreadable(source: string, { count, examples }: { count: number; examples: readonly string[] }) {
  const names = examples.map((name) => JSON.stringify(name)).join(', ');
  const more = count > examples.length ? ` and ${count - examples.length} more` : '';
  return new HoldfastError(
    'UnreadableKeys',
    `${source} holds ${count} ${count === 1 ? 'key that is' : 'keys that are'} not UTF-8, and shows U+FFFD in place of ` +
      `the bytes: ${names}${more}.`,
    { details: { count, examples } },
  );
}
