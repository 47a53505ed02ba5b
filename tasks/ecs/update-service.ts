import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeServicesCommand, type Service, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';

/** What is to change of a service; what is absent stays. */
export interface ServiceChange {
  readonly cluster: string;
  readonly service: string;
  readonly desiredCount?: number;
  readonly taskDefinition?: string;
  readonly forceNewDeployment: boolean;
}

export interface ServiceState {
  readonly arn: string;
  readonly taskDefinition: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly pendingCount: number;
  readonly deployments: number;
  /** One deployment is left, and everything that it wants runs. */
  readonly stable: boolean;
  /** Why the deployment was given up, where it was. */
  readonly failure?: string;
}

/** Changes a service; ECS does the rest while nobody waits. @throws EcsRefused, EcsUnavailable */
export async function updateService(
  ecs: Ecs,
  change: ServiceChange,
  signal: AbortSignal,
): Promise<ServiceState> {
  const { cluster, service, desiredCount, taskDefinition, forceNewDeployment } = change;
  const what = `UpdateService of ${service} in cluster ${cluster}`;
  const answer = await ecs.ask(what, signal, (client, options) =>
    client.send(
      new UpdateServiceCommand({
        ...{ cluster, service },
        ...(desiredCount !== undefined && { desiredCount }),
        ...(taskDefinition !== undefined && { taskDefinition }),
        ...(forceNewDeployment && { forceNewDeployment }),
      }),
      options,
    ),
  );
  return stateOf(answer.service, what);
}

export interface StableOptions {
  readonly signal: AbortSignal;
  readonly onState: (state: ServiceState) => void;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds between two looks. */
  readonly pause?: number;
}

/**
 * Waits until the service is as it was asked to be.
 *
 * @throws DeadlineExceeded; TaskNotStarted where ECS gave the deployment up
 */
export async function waitUntilStable(
  ecs: Ecs,
  { cluster, service }: Pick<ServiceChange, 'cluster' | 'service'>,
  { signal, onState, timeout, pause = 5_000 }: StableOptions,
): Promise<ServiceState> {
  const end = Date.now() + timeout;
  for (;;) {
    const state = await describeService(ecs, cluster, service, signal);
    onState(state);
    if (state.failure !== undefined)
      throw new HoldfastError(
        'TaskNotStarted',
        `ECS gave up the deployment of ${service}: ${state.failure}.`,
      );
    if (state.stable) return state;
    if (Date.now() >= end) {
      const counts = `${state.runningCount} of ${state.desiredCount} tasks run, ${state.deployments} deployments`;
      const seconds = Math.round(timeout / 1000);
      throw new HoldfastError('DeadlineExceeded', `${service} is not stable after ${seconds} s: ${counts}.`);
    }
    await sleep(pause, undefined, { signal });
  }
}

async function describeService(
  ecs: Ecs,
  cluster: string,
  service: string,
  signal: AbortSignal,
): Promise<ServiceState> {
  const what = `DescribeServices of ${service} in cluster ${cluster}`;
  const { services = [], failures = [] } = await ecs.ask(what, signal, (client, options) =>
    client.send(new DescribeServicesCommand({ cluster, services: [service] }), options),
  );
  const [reason] = failures.map((failure) => failure.reason ?? 'no reason');
  if (reason !== undefined) throw new HoldfastError('EcsRefused', `${what}: ${reason}.`);
  return stateOf(services[0], what);
}

function stateOf(service: Service | undefined, what: string): ServiceState {
  if (service?.serviceArn === undefined)
    throw new HoldfastError('EcsUnavailable', `${what}: the answer holds no service.`);
  const { desiredCount = 0, runningCount = 0, pendingCount = 0, deployments = [] } = service;
  const given = deployments.find(({ rolloutState }) => rolloutState === 'FAILED');
  return {
    arn: service.serviceArn,
    taskDefinition: service.taskDefinition ?? '',
    ...{ desiredCount, runningCount, pendingCount },
    deployments: deployments.length,
    stable: deployments.length <= 1 && runningCount === desiredCount,
    ...(given && { failure: given.rolloutStateReason ?? 'its rollout failed' }),
  };
}
