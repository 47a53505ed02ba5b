import { type Ecs, openEcs } from '../../../tasks/ecs/client.ts';
import type { EcsRun } from '../../../tasks/ecs/run.ts';
import type { EcsSettings } from '../../../tasks/ecs/settings.ts';

export const credentials = { accessKeyId: 'AKIDFORTESTS', secretAccessKey: 'canary-secret-of-ecs' };

export function settingsFor(endpoint: string, more: Partial<EcsSettings> = {}): EcsSettings {
  return {
    connection: { endpoint, region: 'eu-central-1', credentials },
    cluster: 'default',
    taskDefinition: 'report',
    count: 1,
    capacityProviderStrategy: [],
    overrides: { containers: {} },
    tags: {},
    enableExecuteCommand: false,
    launchTimeout: 600_000,
    retries: 0,
    ...more,
  };
}

export const run: EcsRun = { job: 'nightly', runId: '0198a8e0-6b7c-7d2e-9f10-3a4b5c6d7e8f', attempt: 1 };

export const soon = { first: 1, longest: 5, unknownFor: 0 };

export function never(): AbortSignal {
  return new AbortController().signal;
}

/** An open client for the settings, closed after the work. */
export async function withEcs<Result>(
  { connection }: EcsSettings,
  work: (ecs: Ecs) => Promise<Result>,
): Promise<Result> {
  const ecs = openEcs(connection);
  try {
    return await work(ecs);
  } finally {
    ecs.close();
  }
}
