import { DescribeTaskDefinitionCommand, type ContainerDefinition } from '@aws-sdk/client-ecs';
import type { EcsContainerPlan, EcsLogPlan } from '../../workflows/contract/ecs.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';

/** What is to run, with the revision that a family stands for now. */
export interface FoundDefinition {
  readonly arn: string;
  readonly containers: readonly EcsContainerPlan[];
}

/** @throws EcsRefused where there is no such task definition, or no active revision of the family */
export async function findDefinition(ecs: Ecs, name: string, signal: AbortSignal): Promise<FoundDefinition> {
  const { taskDefinition } = await ecs.ask(`DescribeTaskDefinition of ${name}`, signal, (client, options) =>
    client.send(new DescribeTaskDefinitionCommand({ taskDefinition: name }), options),
  );
  if (taskDefinition?.taskDefinitionArn === undefined)
    throw new HoldfastError('EcsUnavailable', `DescribeTaskDefinition of ${name}: the answer holds none.`);
  return {
    arn: taskDefinition.taskDefinitionArn,
    containers: (taskDefinition.containerDefinitions ?? []).map(planOf),
  };
}

function planOf({ name = '', essential = true, logConfiguration }: ContainerDefinition): EcsContainerPlan {
  return {
    name,
    essential,
    ...(logConfiguration && { log: logPlan(logConfiguration.logDriver, logConfiguration.options ?? {}) }),
  };
}

/** Only where the log goes: other options of a driver may hold a token. */
function logPlan(driver = '', options: Readonly<Record<string, string>>): EcsLogPlan {
  const {
    'awslogs-group': group,
    'awslogs-region': region,
    'awslogs-stream-prefix': streamPrefix,
  } = driver === 'awslogs' ? options : {};
  return {
    driver,
    ...(group !== undefined && { group }),
    ...(region !== undefined && { region }),
    ...(streamPrefix !== undefined && { streamPrefix }),
  };
}
