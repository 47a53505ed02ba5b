import { z } from 'zod';
import type { EcsSettings } from '../tasks/ecs/settings.ts';
import { awsSettings, buildAws, checkAws } from './aws.ts';
import type { Path } from './document.ts';
import type { Finding } from './finding.ts';
import * as format from './formats.ts';
import { present } from './present.ts';
import { isMapping } from './settings.ts';

/** The settings of a job with `ecs:`, in the terms of RunTask. */

const { text, wholeNumber, yesOrNo, duration } = format;

const anyText = text('text', () => true);

const capacityProvider = z.strictObject({
  capacity_provider: text('the name of a capacity provider').describe('FARGATE, FARGATE_SPOT or your own.'),
  weight: wholeNumber(0, 1000).optional().describe('Its share of the tasks, beside the others.'),
  base: wholeNumber(0, 100_000).optional().describe('How many tasks go to it at least.'),
});

const network = z.strictObject({
  subnets: z
    .array(text('the id of a subnet'), { error: 'a list of subnets' })
    .min(1, { error: 'at least one subnet' })
    .describe('Where the task gets its network interface.'),
  security_groups: z
    .array(text('the id of a security group'), { error: 'a list of security groups' })
    .default([])
    .describe('Default: the one of the VPC.'),
  assign_public_ip: yesOrNo
    .default(false)
    .describe('Whether it gets a public address; without one, images come through a NAT or endpoints.'),
});

const containerOverride = z.strictObject({
  command: z
    .array(anyText, { error: 'a list: the program and its arguments' })
    .optional()
    .describe('The command, in place of that of the definition.'),
  environment: z
    .record(z.string(), anyText)
    .default({})
    .describe('Variables that are added or replaced. ECS shows them to whoever may describe the task.'),
  cpu: wholeNumber(1, 1_000_000).optional().describe('CPU units; 1024 are one processor.'),
  memory: wholeNumber(4, 10_000_000).optional().describe('MiB.'),
});

const overrides = z.strictObject({
  task_role_arn: text('the ARN of a role')
    .optional()
    .describe('The role of the containers, in place of that of the definition.'),
  containers: z
    .record(z.string(), containerOverride)
    .default({})
    .describe('By the name of the container in the task definition.'),
});

export const ecsSchema = z.strictObject({
  ...awsSettings,
  endpoint: text(
    'the address of a server such as http://127.0.0.1:5000, without credentials',
    format.isHttpAddress,
  )
    .optional()
    .describe('Another address of the API: a VPC endpoint, or moto. Default: Amazon’s own for the region.'),
  cluster: text('the name or ARN of a cluster')
    .default('default')
    .describe('The cluster, by name or ARN. Default: `default`.'),
  task_definition: text('`family`, `family:revision` or an ARN').describe(
    '`family` (its latest active revision), `family:12`, or an ARN.',
  ),
  count: wholeNumber(1, 10).default(1).describe('How many tasks are started; all must succeed.'),
  launch_type: z
    .enum(['EC2', 'FARGATE', 'EXTERNAL'])
    .optional()
    .describe('Default: the strategy, else what the cluster has as its default.'),
  capacity_provider_strategy: z
    .array(capacityProvider, { error: 'a list of mappings with `capacity_provider`' })
    .max(20, { error: 'at most 20' })
    .default([])
    .describe('Instead of launch_type: which capacity providers get the tasks.'),
  network_configuration: network
    .optional()
    .describe('Required for task definitions with the network mode `awsvpc` (always on Fargate).'),
  overrides: overrides.prefault({}).describe('What is other than in the task definition.'),
  tags: z.record(z.string(), anyText).default({}).describe('Tags of the tasks.'),
  enable_execute_command: yesOrNo
    .default(false)
    .describe('Let `aws ecs execute-command` look into the containers; the task role must allow it.'),
  launch_timeout: duration
    .prefault('10m')
    .describe('How long a task may take until it runs; then it is stopped, and the run fails.'),
  retries: wholeNumber(0, 100)
    .default(0)
    .describe('How often new tasks are started when the first ones failed. Default: never.'),
});

type CheckedEcs = z.output<typeof ecsSchema>;

export function buildEcs(ecs: CheckedEcs): EcsSettings {
  const { network_configuration: network, overrides, launch_type: launchType } = ecs;
  return {
    connection: { ...buildAws(ecs), ...present({ endpoint: ecs.endpoint }) },
    cluster: ecs.cluster,
    taskDefinition: ecs.task_definition,
    count: ecs.count,
    capacityProviderStrategy: ecs.capacity_provider_strategy.map(
      ({ capacity_provider: name, weight, base }) => ({ name, ...present({ weight, base }) }),
    ),
    overrides: {
      ...present({ taskRoleArn: overrides.task_role_arn }),
      containers: Object.fromEntries(
        Object.entries(overrides.containers).map(([name, override]) => [name, present(override)]),
      ),
    },
    tags: ecs.tags,
    enableExecuteCommand: ecs.enable_execute_command,
    launchTimeout: ecs.launch_timeout,
    retries: ecs.retries,
    ...present({
      launchType,
      network: network && {
        subnets: network.subnets,
        securityGroups: network.security_groups,
        assignPublicIp: network.assign_public_ip,
      },
    }),
  };
}

/** What takes several settings together. */
export function checkEcs(path: Path, ecs: unknown): readonly Finding[] {
  if (!isMapping(ecs)) return [];
  const twice: Finding[] =
    'launch_type' in ecs && 'capacity_provider_strategy' in ecs
      ? [
          {
            path: [...path, 'capacity_provider_strategy'],
            at: 'key',
            text: 'found beside `launch_type`; expected one of them',
          },
        ]
      : [];
  return [...checkAws(path, ecs), ...twice];
}
