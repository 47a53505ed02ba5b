import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Scope } from '../../workflows/contract/manifest.ts';
import { ask } from './server.ts';
import type { Server } from './server.ts';
import type { ConsulSettings } from './settings.ts';

/** The token that stands for callers without one (agent/structs/acl.go). */
const anonymousAccessor = '00000000-0000-0000-0000-000000000002';
const anonymousSecret = 'anonymous';
const linked = z.array(z.unknown()).nullish();
const tokenAnswer = z.object({
  AccessorID: z.string(),
  Policies: linked,
  Roles: linked,
  ServiceIdentities: linked,
  NodeIdentities: linked,
  TemplatedPolicies: linked,
});

/**
 * Makes sure that Consul would tell if it hid keys from us. It tells every caller but the anonymous one
 * (agent/consul/rpc.go, maskResultsFilteredByACLs), to whom a hidden store looks like an empty one, and half a store
 * like a whole one. So without a token a read is refused unless it is certain that nothing can be hidden: ACLs are
 * off, the agent puts a token of its own in, or everything is allowed and no rule takes anything away.
 *
 * @throws ReadFiltered
 */
export async function requireFullSight(
  server: Server,
  settings: ConsulSettings,
  scope: Scope,
  signal: AbortSignal,
): Promise<void> {
  const { token } = settings;
  if (token !== undefined && token !== '' && token !== anonymousSecret) return;

  const { status, headers, text } = await ask(server, { ...selfRequest, signal }, [200, 401, 403]);
  const aclsAreOff = status === 401;
  if (aclsAreOff) return;
  if (status === 200 && identityOf(text).accessor !== anonymousAccessor) return;
  const allowedAll = headers['x-consul-default-acl-policy'] === 'allow';
  if (allowedAll) {
    const anonymous = await ask(server, { ...selfRequest, token: anonymousSecret, signal }, [200, 403]);
    if (anonymous.status === 200 && !identityOf(anonymous.text).hasRules) return;
  }

  const keys = scope.prefix === '' ? 'every key' : `every key under ${JSON.stringify(scope.prefix)}`;
  throw new HoldfastError(
    'ReadFiltered',
    `Consul at ${server.address} has ACLs on and was asked without a token: it would hide keys and not say so. ` +
      `Give the job a token that may read ${keys}.`,
    { details: { address: server.address, status: 403 } },
  );
}

const selfRequest = { method: 'GET', path: '/v1/acl/token/self' } as const;

function identityOf(text: string) {
  const token = tokenAnswer.parse(JSON.parse(text));
  const rules = [
    token.Policies,
    token.Roles,
    token.ServiceIdentities,
    token.NodeIdentities,
    token.TemplatedPolicies,
  ];
  return { accessor: token.AccessorID, hasRules: rules.some((list) => (list ?? []).length > 0) };
}
