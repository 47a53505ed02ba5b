import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { type Ecs, openEcs } from '../../tasks/ecs/client.ts';
import { planRegister, register } from '../../tasks/ecs/register.ts';
import { looseImages } from '../../tasks/ecs/task-definition-file.ts';
import { type ServiceState, updateService, waitUntilStable } from '../../tasks/ecs/update-service.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { changeLines, registerJson } from '../ecs/register-text.ts';
import { readTaskDefinition } from '../ecs/task-definition.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';

interface ConnectionOptions extends GlobalOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
}

type RegisterOptions = ConnectionOptions & { readonly dryRun: boolean };

interface UpdateOptions extends ConnectionOptions {
  readonly cluster: string;
  readonly desiredCount?: number;
  readonly taskDefinition?: string;
  readonly forceNewDeployment: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

export function addEcsCommand(program: Command, io: Io): void {
  const ecs = program
    .command('ecs')
    .description('register task definitions of Amazon ECS, or update a service');
  addConnectionOptions(
    ecs
      .command('register')
      .argument('<file>', 'a task definition as JSON, with ${NAME} from the environment')
      .summary('register a task definition, where it differs from the latest revision')
      .description(
        'Register a task definition, as RegisterTaskDefinition takes it or DescribeTaskDefinition gives it. Shows ' +
          'what differs from the latest active revision; where nothing does, no revision is made.',
      )
      .option('--dry-run', 'show the difference, and register nothing', false),
  )
    .action((file: string, _options: unknown, command: Command) => registerFile(file, command, io))
    .addHelpText(
      'after',
      examples(
        ['holdfast ecs register backup.json --dry-run', 'what a new revision would change'],
        ['TAG=v1.0.9 holdfast ecs register backup.json', 'with "image": "backup:${TAG}"'],
      ),
    );
  addConnectionOptions(
    ecs
      .command('update-service')
      .argument('<service>', 'name or ARN of the service')
      .summary('change the count or the task definition of a service')
      .description(
        'Change how many tasks a service wants, or which task definition they have, and wait until it is stable.',
      )
      .option('--cluster <cluster>', 'its cluster, by name or ARN', 'default')
      .option('--desired-count <count>', 'how many tasks it wants', parseCount)
      .option('--task-definition <name>', 'family, family:revision or ARN')
      .option('--force-new-deployment', 'start new tasks though nothing changes', false)
      .option('--no-wait', 'change it and leave')
      .option('--timeout <duration>', 'how long to wait, such as 15m (default: 10m)', parseTimeout, 600_000),
  )
    .action((service: string, _options: unknown, command: Command) => update(service, command, io))
    .addHelpText(
      'after',
      examples(
        ['holdfast ecs update-service web --desired-count 3', 'three tasks, in the cluster `default`'],
        ['holdfast ecs update-service web --cluster prod --task-definition web', 'its latest revision'],
      ),
    );
}

/** Credentials are no options: process lists and shell histories would show them. */
function addConnectionOptions(command: Command): Command {
  return command
    .option('--region <region>', 'the region (default: AWS_REGION, else the profile)')
    .option('--profile <name>', 'a profile of the AWS configuration (default: AWS_PROFILE)')
    .option('--endpoint <url>', 'another address of the API (default: AWS_ENDPOINT_URL_ECS)');
}

async function registerFile(file: string, command: Command, io: Io): Promise<void> {
  const options = { ...globalOptions(command), ...command.opts<RegisterOptions>() };
  const definition = await readTaskDefinition(file, io.env);
  const loose = looseImages(definition);
  for (const image of loose)
    say(io, `warning: the image ${image} may be another one tomorrow; name a version, or a digest.`);
  await withEcs(options, async (ecs) => {
    const plan = await planRegister(ecs, definition, io.signal);
    if (!options.json) for (const line of changeLines(plan)) await printLine(io, line);
    const wanted = plan.changes.length > 0 && !options.dryRun;
    const arn = wanted ? await register(ecs, definition, io.signal) : undefined;
    if (options.json) await printJson(io, registerJson(plan, arn, loose));
    else if (arn !== undefined) await printLine(io, `Registered ${arn}.`);
    else say(io, options.dryRun ? 'Nothing was registered (--dry-run).' : 'Nothing was registered.');
  });
}

async function update(service: string, command: Command, io: Io): Promise<void> {
  const options = { ...globalOptions(command), ...command.opts<UpdateOptions>() };
  const { cluster, desiredCount, taskDefinition, forceNewDeployment, wait, timeout, json } = options;
  if (desiredCount === undefined && taskDefinition === undefined && !forceNewDeployment) {
    const text = 'Nothing to change: give --desired-count, --task-definition or --force-new-deployment.';
    throw new HoldfastError('BadRequest', text);
  }
  await withEcs(options, async (ecs) => {
    const change = {
      ...{ cluster, service, forceNewDeployment },
      ...(desiredCount !== undefined && { desiredCount }),
      ...(taskDefinition !== undefined && { taskDefinition }),
    };
    const changed = await updateService(ecs, change, io.signal);
    const onState = (state: ServiceState): void => say(io, stateText(service, state));
    const state = wait
      ? await waitUntilStable(ecs, { cluster, service }, { signal: io.signal, timeout, onState })
      : changed;
    await (json ? printJson(io, { service, cluster, ...state }) : printLine(io, stateText(service, state)));
  });
}

function stateText(service: string, state: ServiceState): string {
  const { taskDefinition, runningCount, desiredCount, deployments, stable } = state;
  const name = taskDefinition.split('/').at(-1) ?? '';
  const end = stable ? 'stable' : `${deployments} deployments`;
  return `${service}: ${runningCount} of ${desiredCount} tasks of ${name} run; ${end}.`;
}

async function withEcs<Result>(
  { region, profile, endpoint }: ConnectionOptions,
  work: (ecs: Ecs) => Promise<Result>,
): Promise<Result> {
  const ecs = openEcs({
    ...(region && { region }),
    ...(profile && { profile }),
    ...(endpoint && { endpoint }),
  });
  try {
    return await work(ecs);
  } finally {
    ecs.close();
  }
}

function parseCount(value: string): number {
  if (!/^\d{1,5}$/.test(value)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(value);
}

function parseTimeout(value: string): number {
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined) throw new InvalidArgumentError('Expected a duration such as 90s or 15m.');
  return milliseconds;
}
