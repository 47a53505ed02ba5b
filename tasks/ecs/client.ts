import { ECSClient } from '@aws-sdk/client-ecs';
import { explain } from './failure.ts';
import type { EcsConnection } from './settings.ts';

/** The API of ECS in one region. */
export interface Ecs {
  /**
   * Makes one request; `what` stands in messages: `RunTask of app:12 in cluster prod`.
   *
   * @throws EcsUnavailable, EcsRefused, the signal's reason
   */
  ask<Answer>(
    what: string,
    signal: AbortSignal,
    request: (client: ECSClient, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer>;
  close(): void;
}

/** A connection attempt, and an answer, end after so many milliseconds. */
const connectionTimeout = 10_000;
const requestTimeout = 30_000;

/**
 * Opens it; nothing is asked yet. The SDK makes a request that was throttled or failed on its way four times, waiting
 * longer each time; what lasts longer is left to the retries of the activity.
 */
export function openEcs({ region, endpoint, profile, credentials }: EcsConnection): Ecs {
  // A server of one's own seldom cares for the region, but the signature needs one.
  const scope = region ?? (endpoint && (process.env['AWS_REGION'] ?? 'us-east-1'));
  const client = new ECSClient({
    ...(scope && { region: scope }),
    ...(endpoint && { endpoint }),
    ...(profile && { profile }),
    ...(credentials && { credentials }),
    maxAttempts: 4,
    requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
  });
  return {
    async ask(what, signal, request) {
      signal.throwIfAborted();
      try {
        return await request(client, { abortSignal: signal });
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, what, await whereOf(client));
      }
    },
    close: () => client.destroy(),
  };
}

/** For messages. */
async function whereOf({ config }: ECSClient): Promise<string> {
  const region = await config.region().catch(() => 'no region');
  const endpoint = await config.endpoint?.().catch(() => undefined);
  const server = endpoint && `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port ?? ''}`;
  return server === undefined ? region : `${region}, ${server.replace(/:$/, '')}`;
}
