import { EventEmitter } from 'node:events';
import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { connectionError } from '../http.ts';
import { answerError } from './errors.ts';
import type { Limits } from './limits.ts';
import { ask } from './server.ts';
import type { Server } from './server.ts';
import type { ConsulSettings } from './settings.ts';

const timeout = 10_000;

const agentSelf = z.object({
  Config: z.object({ Datacenter: z.string(), NodeName: z.string(), NodeID: z.string(), Version: z.string() }),
  DebugConfig: z.object({ KVMaxValueSize: z.number(), TxnMaxReqLen: z.number() }).partial().optional(),
});
const roots = z.object({ TrustDomain: z.string() });

/**
 * Who answers at this address, and that it knows a leader. `details`: `datacenter`; `node` and `nodeId`, which a
 * server keeps with its data; and, where Connect is on, `clusterId`, which a new cluster makes anew: together they
 * tell whether two moments may be compared. A token without `agent:read` may not know the version and the node.
 */
export async function describeServer(
  server: Server,
  settings: ConsulSettings,
  limits: Limits,
  signal: AbortSignal,
): Promise<StoreDescription> {
  const { address, api } = server;
  const leader: unknown = await call(server, signal, (ctx) => api.status.leader(ctx));
  // Who allows stale answers wants them just then.
  if (settings.consistency !== 'stale' && (leader === '' || typeof leader !== 'string')) {
    throw new HoldfastError('StoreUnavailable', `Consul at ${address} has no leader.`, {
      details: { address },
    });
  }
  const self = await agentOf(server, signal);
  if (self !== undefined) learnLimits(limits, self.DebugConfig ?? {});
  const datacenter = settings.datacenter ?? self?.Config.Datacenter;
  const clusterId = await clusterIdOf(server, signal);
  return {
    kind: 'consul',
    version: self?.Config.Version ?? 'unknown',
    address,
    details: {
      ...(datacenter === undefined ? {} : { datacenter }),
      ...(self === undefined ? {} : { node: self.Config.NodeName, nodeId: self.Config.NodeID }),
      ...(clusterId === undefined ? {} : { clusterId }),
    },
  };
}

/** An agent that may be asked tells its limits; else Consul's defaults hold until the server says otherwise. */
export async function learnLimitsFrom(server: Server, limits: Limits, signal: AbortSignal): Promise<void> {
  const self = await agentOf(server, signal);
  if (self !== undefined) learnLimits(limits, self.DebugConfig ?? {});
}

function learnLimits(
  limits: Limits,
  found: { KVMaxValueSize?: number | undefined; TxnMaxReqLen?: number | undefined },
) {
  const { KVMaxValueSize: value, TxnMaxReqLen: body } = found;
  if (value === undefined || body === undefined) return;
  limits.value = value;
  limits.body = Math.max(body, value);
}

/** `undefined` where the token may not ask, or the agent describes itself in another way. */
async function agentOf(server: Server, signal: AbortSignal): Promise<z.infer<typeof agentSelf> | undefined> {
  try {
    const self: unknown = await call(server, signal, (ctx) => server.api.agent.self(ctx));
    return agentSelf.safeParse(self).data;
  } catch (error) {
    if (error instanceof HoldfastError && error.details.status === 403) return undefined;
    throw error;
  }
}

/** Every cluster with Connect makes itself an id, and shows it as the domain of its certificates. */
async function clusterIdOf(server: Server, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { text } = await ask(server, { method: 'GET', path: '/v1/connect/ca/roots', signal });
    return roots.parse(JSON.parse(text)).TrustDomain;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Calls the `consul` package, which is cancelled by an event and has errors of its own. */
async function call<T>(
  server: Server,
  signal: AbortSignal,
  use: (options: object) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const ctx = new EventEmitter();
  const cancel = () => ctx.emit('cancel');
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const result = await use({ ctx, timeout });
    // The package knows errors by `instanceof`, and takes those of another realm (a test's sandbox) for results.
    if (Error.isError(result)) throw result;
    return result;
  } catch (error) {
    signal.throwIfAborted();
    const response = answerOf.safeParse(error).data?.response;
    if (response === undefined) throw connectionError({ product: 'Consul', address: server.address }, error);
    throw answerError(server.address, response.statusCode, response.body);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

const answerOf = z.object({
  response: z.object({ statusCode: z.number(), body: z.string().catch('') }),
});
