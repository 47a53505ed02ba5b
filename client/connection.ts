import { Client, Connection, NamespaceNotFoundError } from '@temporalio/client';
import type { TemporalSettings } from '../config/config.ts';
import { temporalTarget, type TemporalTarget } from '../config/temporal.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { grpcCodes, grpcProblem, isPassing } from './grpc.ts';
import type { Io } from './io.ts';

/** Milliseconds until a server that does not answer counts as unreachable. */
const connectTimeout = 5000;

/**
 * Opens Temporal for one command, and closes it whatever happens.
 * Throws TemporalUnreachable, or ConfigInvalid where the namespace is missing.
 */
export async function withTemporal<T>(
  settings: TemporalSettings,
  io: Io,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const target = temporalTarget(settings, io.env);
  const connection = await connect(target);
  try {
    await checkNamespace(connection, target);
    return await use(new Client({ connection, namespace: target.namespace }));
  } catch (error) {
    throw nameProblem(error, target);
  } finally {
    await connection.close();
  }
}

async function connect(target: TemporalTarget): Promise<Connection> {
  try {
    return await Connection.connect({ ...target.connectionOptions, connectTimeout });
  } catch (error) {
    const named = nameProblem(error, target);
    if (named instanceof HoldfastError) throw named;
    const reason = error instanceof Error ? error.message : String(error);
    throw unreachable(`No Temporal server answers at ${target.address} (${reason})`, error);
  }
}

async function checkNamespace(connection: Connection, { namespace }: TemporalTarget): Promise<void> {
  await connection.withDeadline(Date.now() + connectTimeout, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );
}

/** Gives what went wrong on the connection its name in the catalogue; every other error passes as it is. */
function nameProblem(error: unknown, { address, namespace }: TemporalTarget): unknown {
  if (error instanceof HoldfastError) return error;
  const problem = grpcProblem(error);
  const noNamespace = problem?.code === grpcCodes.notFound && /namespace/i.test(problem.details);
  if (error instanceof NamespaceNotFoundError || noNamespace) {
    return new HoldfastError(
      'ConfigInvalid',
      `Temporal at ${address} has no namespace "${namespace}". Correct temporal.namespace or ` +
        `TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --namespace ${namespace}`,
      { cause: error },
    );
  }
  if (problem?.code === grpcCodes.permissionDenied || problem?.code === grpcCodes.unauthenticated) {
    const refused = `Temporal at ${address} refuses access to the namespace "${namespace}"`;
    return unreachable(`${refused} (${problem.details})`, error);
  }
  if (problem?.code === grpcCodes.invalidArgument && /search attribute|Holdfast[A-Z]/.test(problem.details)) {
    return new HoldfastError(
      'ConfigInvalid',
      `Temporal at ${address} does not know Holdfast's search attributes yet (${problem.details}). ` +
        'Run `holdfast start-schedule`, or start a worker: both register them.',
      { cause: error },
    );
  }
  if (problem !== undefined && isPassing(error)) {
    return unreachable(`Temporal at ${address} does not answer (${problem.details})`, error);
  }
  return error;
}

function unreachable(what: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'TemporalUnreachable',
    `${what}. The address comes from temporal.address in holdfast.yaml, TEMPORAL_ADDRESS, or the profile.`,
    { cause },
  );
}
