import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/** What RegisterTaskDefinition takes. */
export type TaskDefinitionInput = RegisterTaskDefinitionCommandInput;

/** What only DescribeTaskDefinition gives: it belongs to a revision that is there. */
const readOnly = [
  ...['taskDefinitionArn', 'revision', 'status', 'requiresAttributes', 'compatibilities'],
  ...['registeredAt', 'registeredBy', 'deregisteredAt', 'deleteRequestedAt'],
];

/**
 * A task definition out of a parsed file: as RegisterTaskDefinition takes it, or as DescribeTaskDefinition gives it
 * (`{"taskDefinition": …, "tags": …}` or what is in it). What is read only is left out.
 *
 * @param name of the file, for messages
 * @throws BadRequest
 */
export function definitionOf(parsed: unknown, name: string): TaskDefinitionInput {
  if (!isRecord(parsed)) throw refused(name, 'holds no task definition: its outermost part is no object');
  const { taskDefinition: inner, tags = [] } = parsed;
  const described = isRecord(inner) ? { ...inner, ...(hasItems(tags) && { tags }) } : parsed;
  const { family, containerDefinitions } = described;
  if (typeof family !== 'string' || family === '') throw refused(name, 'has no `family`');
  if (!hasItems(containerDefinitions)) throw refused(name, 'has no `containerDefinitions`');
  const kept = Object.entries(described).filter(([key]) => !readOnly.includes(key));
  // The API checks every part of it, and says what is wrong; the SDK passes over what it does not know.
  return Object.fromEntries(kept) as unknown as TaskDefinitionInput;
}

/** Images that mean something else tomorrow: `app`, `app:latest`. A digest says exactly what it is. */
export function looseImages({ containerDefinitions = [] }: TaskDefinitionInput): readonly string[] {
  return containerDefinitions
    .map(({ image = '' }) => image)
    .filter((image) => !image.includes('@') && !/:(?!latest$)[^/:]+$/.test(image));
}

function hasItems(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(name: string, why: string): HoldfastError {
  return new HoldfastError('BadRequest', `${name} ${why}.`);
}
