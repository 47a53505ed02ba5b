import {
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type DescribeTaskDefinitionCommandOutput,
} from '@aws-sdk/client-ecs';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';
import { isEcsError } from './failure.ts';
import { normalForm } from './normal-form.ts';
import { definitionOf, type TaskDefinitionInput } from './task-definition-file.ts';

/** What registering would do. */
export interface RegisterPlan {
  readonly definition: TaskDefinitionInput;
  /** ARN of the latest active revision; absent where the family has none. */
  readonly latest?: string;
  /** Where there is none, the definition is what the latest revision says already. */
  readonly changes: readonly Change[];
}

export interface Change {
  /** `containerDefinitions[app].image`. */
  readonly path: string;
  /** JSON; absent where the setting is new. */
  readonly before?: string;
  /** JSON; absent where the setting goes. */
  readonly after?: string;
}

/** Compares a definition with the latest active revision of its family. */
export async function planRegister(
  ecs: Ecs,
  definition: TaskDefinitionInput,
  signal: AbortSignal,
): Promise<RegisterPlan> {
  const family = definition.family ?? '';
  const latest = await latestOf(ecs, family, signal);
  const arn = latest?.taskDefinition?.taskDefinitionArn;
  if (latest === undefined || arn === undefined)
    return { definition, changes: changesBetween(new Map(), normalForm(definition)) };
  const known = definitionOf(latest, `The latest revision of ${family}`);
  return { definition, latest: arn, changes: changesBetween(normalForm(known), normalForm(definition)) };
}

/** Registers the definition as a new revision, and gives its ARN. */
export async function register(
  ecs: Ecs,
  definition: TaskDefinitionInput,
  signal: AbortSignal,
): Promise<string> {
  const what = `RegisterTaskDefinition of ${definition.family ?? ''}`;
  const { taskDefinition } = await ecs.ask(what, signal, (client, options) =>
    client.send(new RegisterTaskDefinitionCommand(definition), options),
  );
  if (taskDefinition?.taskDefinitionArn === undefined)
    throw new HoldfastError('EcsUnavailable', `${what}: the answer holds no ARN.`);
  return taskDefinition.taskDefinitionArn;
}

/** A family that has no active revision is answered with an error, or with one that is not active. */
async function latestOf(
  ecs: Ecs,
  family: string,
  signal: AbortSignal,
): Promise<DescribeTaskDefinitionCommandOutput | undefined> {
  const found = await ecs.ask(`DescribeTaskDefinition of ${family}`, signal, (client, options) =>
    client
      .send(new DescribeTaskDefinitionCommand({ taskDefinition: family, include: ['TAGS'] }), options)
      .catch((error: unknown) => {
        if (isEcsError(error, 'ClientException') && /unable to describe/i.test(error.message))
          return undefined;
        throw error;
      }),
  );
  return found?.taskDefinition?.status === 'ACTIVE' ? found : undefined;
}

function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly Change[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, fresh] = [before.get(path), after.get(path)];
    if (old === fresh) return [];
    return [
      { path, ...(old !== undefined && { before: old }), ...(fresh !== undefined && { after: fresh }) },
    ];
  });
}
