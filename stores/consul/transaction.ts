import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { freedInTurn } from '../../workflows/contract/memory.ts';
import type { Item } from './batches.ts';
import type { Limits } from './limits.ts';
import { bytesOf, toldBy } from './server.ts';
import type { Server } from './server.ts';

/** What Consul says to a transaction. It is done as a whole or, with any `failed` operation or when `tooLarge`, not at all. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'tooLarge' }
  /** Why each item failed, by its position. */
  | { readonly kind: 'failed'; readonly reasons: ReadonlyMap<number, string> };

const rollback = z.object({
  Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })),
});

/** @throws StoreRefused where the token may not write one of the keys */
export async function transact(
  server: Server,
  items: readonly Item[],
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer> {
  const body = Buffer.from(`[${items.flatMap(({ operations }) => operations).join(',')}]`);
  const answer = await server.send({ method: 'PUT', path: '/v1/txn', body, signal });
  if (answer.statusCode === 200) {
    await passOver(answer, server, signal);
    return { kind: 'done' };
  }
  const { status, text } = await toldBy(server, answer, { signal }, [409, 413]);
  if (status === 413) {
    learnLimits(limits, text, items, body.length);
    return { kind: 'tooLarge' };
  }
  const positions = items.flatMap(({ operations }, position) => operations.map(() => position));
  const reasons = new Map<number, string>();
  for (const { OpIndex, What } of rollback.parse(JSON.parse(text)).Errors) {
    if (/permission denied|acl not found/i.test(What)) throw denied(server, What);
    const position = positions[OpIndex];
    if (position !== undefined) reasons.set(position, What);
  }
  if (reasons.size === 0)
    throw new Error(`Consul rolled a transaction back without a reason: ${text.slice(0, 300)}`);
  return { kind: 'failed', reasons };
}

/** Consul tells of every key once more; what counts is that the answer came to its end. */
async function passOver(answer: IncomingMessage, server: Server, signal: AbortSignal): Promise<void> {
  const chunks = freedInTurn(bytesOf(answer, server.address, signal));
  while ((await chunks.next()).done !== true);
}

/** A guard that no longer holds, in Consul's words (agent/consul/state/txn.go and kvs.go). */
export function isStale(reason: string): boolean {
  return /index is stale|doesn't exist|current modify index/.test(reason);
}

/** Consul names the limit that was passed; where something between us and Consul refuses, half of it is tried. */
function learnLimits(limits: Limits, text: string, items: readonly Item[], bytes: number): void {
  const operations = /too many operations \(\d+ > (\d+)\)/.exec(text)?.[1];
  const body = /max size: (\d+) bytes/.exec(text)?.[1];
  const value = /Value for key .* is too large \(\d+ > (\d+) bytes\)/s.exec(text)?.[1];
  if (operations !== undefined) limits.operations = Math.min(limits.operations, Number(operations));
  else if (value !== undefined) limits.value = Math.min(limits.value, Number(value));
  else if (body !== undefined) limits.body = Math.min(limits.body, Number(body));
  else if (items.length > 1) limits.body = Math.min(limits.body, Math.ceil(bytes / 2));
}

function denied(server: Server, words: string): HoldfastError {
  return new HoldfastError(
    'StoreRefused',
    `Consul at ${server.address} does not let the token write: ${words}`,
    {
      details: { address: server.address, status: 403 },
    },
  );
}
