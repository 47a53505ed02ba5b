import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalTarget } from '../config/temporal.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Log } from './logging.ts';

const unauthenticated = 16;
const permissionDenied = 7;
const notFound = 5;

/**
 * Connects, and waits for as long as Temporal is away: a worker is often started together with its server.
 *
 * @throws ConfigInvalid where there is no such namespace; TemporalUnreachable where access is refused;
 * the signal's reason
 */
export async function connect(
  target: TemporalTarget,
  log: Log,
  signal: AbortSignal,
): Promise<NativeConnection> {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 10_000)) {
    signal.throwIfAborted();
    try {
      return await connectOnce(target);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      log.warn(
        `Temporal does not answer at ${target.address} (${messageOf(error)}); trying again in ${pause / 1000} s. ` +
          'The address comes from temporal.address in holdfast.yaml, TEMPORAL_ADDRESS, or the profile.',
      );
    }
    await sleep(pause, undefined, { signal });
  }
}

async function connectOnce({
  address,
  namespace,
  connectionOptions,
}: TemporalTarget): Promise<NativeConnection> {
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return connection;
  } catch (error) {
    await connection.close();
    throw refusal(error, address, namespace) ?? error;
  }
}

/** What no waiting mends. */
function refusal(error: unknown, address: string, namespace: string): HoldfastError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === notFound) {
    return new HoldfastError(
      'ConfigInvalid',
      `Temporal at ${address} has no namespace "${namespace}". Correct temporal.namespace or TEMPORAL_NAMESPACE, ` +
        `or create it: temporal operator namespace create --namespace ${namespace}`,
      { cause: error },
    );
  }
  if (code === unauthenticated || code === permissionDenied) {
    return new HoldfastError(
      'TemporalUnreachable',
      `Temporal at ${address} refuses access to the namespace "${namespace}" (${messageOf(error)}).`,
      { cause: error },
    );
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
}
