import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { ContainerOverride, EcsSettings } from './settings.ts';

/** The settings of a job as RunTask takes them. */
export function runTaskInput(settings: EcsSettings, definition: string): RunTaskCommandInput {
  const { cluster, count, launchType, capacityProviderStrategy, network, tags } = settings;
  const overrides = overridesOf(settings);
  return {
    cluster,
    taskDefinition: definition,
    count,
    ...(launchType && { launchType }),
    ...(capacityProviderStrategy.length > 0 && {
      capacityProviderStrategy: capacityProviderStrategy.map(({ name, ...share }) => ({
        capacityProvider: name,
        ...share,
      })),
    }),
    ...(network && {
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [...network.subnets],
          securityGroups: [...network.securityGroups],
          assignPublicIp: network.assignPublicIp ? 'ENABLED' : 'DISABLED',
        },
      },
    }),
    ...(overrides && { overrides }),
    ...(Object.keys(tags).length > 0 && {
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    }),
    ...(settings.enableExecuteCommand && { enableExecuteCommand: true }),
  };
}

function overridesOf({ overrides }: EcsSettings): RunTaskCommandInput['overrides'] {
  const { taskRoleArn, containers } = overrides;
  const names = Object.keys(containers);
  if (taskRoleArn === undefined && names.length === 0) return undefined;
  return {
    ...(taskRoleArn !== undefined && { taskRoleArn }),
    ...(names.length > 0 && {
      containerOverrides: Object.entries(containers).map(([name, override]) => ({
        name,
        ...containerOverride(override),
      })),
    }),
  };
}

function containerOverride({ command, environment, cpu, memory }: ContainerOverride) {
  const variables = Object.entries(environment);
  return {
    ...(command && { command: [...command] }),
    ...(variables.length > 0 && { environment: variables.map(([name, value]) => ({ name, value })) }),
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
  };
}
