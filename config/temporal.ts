import { loadClientConnectConfig } from '@temporalio/envconfig';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { TemporalSettings } from './config.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type EnvConnection = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

/** Where Temporal is and how to get in; the worker and the command line connect with the same. */
export interface TemporalTarget {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  /** Address, TLS, API key and metadata, for `Connection` and `NativeConnection` alike. */
  readonly connectionOptions: EnvConnection;
}

const defaultAddress = 'localhost:7233';

/**
 * Settings first, then the environment (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…), then the TOML
 * profile: the same sources that the `temporal` command reads. Throws ConfigInvalid.
 */
export function temporalTarget(settings: TemporalSettings, env: Environment = process.env): TemporalTarget {
  const { connectionOptions, namespace } = readEnvironment(settings, env);
  const address = settings.address ?? connectionOptions.address ?? defaultAddress;
  return {
    address,
    namespace: settings.namespace ?? namespace ?? 'default',
    connectionOptions: { ...connectionOptions, address },
  };
}

function readEnvironment(
  { profile }: TemporalSettings,
  env: Environment,
): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({
      ...(profile !== undefined && { profile }),
      overrideEnvVars: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('ConfigInvalid', `The settings of the Temporal connection: ${reason}`, {
      cause: error,
    });
  }
}
