import { ConflictException, ListTasksCommand, RunTaskCommand, type Failure } from '@aws-sdk/client-ecs';
import type { EcsStarted } from '../../workflows/contract/ecs.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';
import { findDefinition } from './definition.ts';
import { runTaskInput } from './parameters.ts';
import type { EcsSettings } from './settings.ts';
import { stopTasks } from './stop.ts';

/** On whose behalf tasks run. The same for every attempt to start them, so that none starts them twice. */
export interface EcsRun {
  readonly job: string;
  /** Of the workflow. */
  readonly runId: string;
  /** How often the job was begun in this run, from 1. */
  readonly attempt: number;
}

/** What ECS shows as `startedBy`; its tasks can be found by it. */
export function startedBy({ job, runId, attempt }: EcsRun): string {
  return `holdfast/${job}/${runId}/${attempt}`;
}

/**
 * Starts the tasks of a run, or finds those that an attempt before has started. ECS gives the same tasks for the same
 * `clientToken` for a day; `startedBy` finds them also where the token is not honoured.
 *
 * @throws TaskNotStarted where ECS starts fewer than were asked for; EcsUnavailable, EcsRefused
 */
export async function startTasks(
  ecs: Ecs,
  settings: EcsSettings,
  run: EcsRun,
  signal: AbortSignal,
): Promise<EcsStarted> {
  const { cluster, count } = settings;
  const definition = await findDefinition(ecs, settings.taskDefinition, signal);
  const found = await findTasks(ecs, cluster, run, signal);
  const tasks = found.length >= count ? found : await runTask(ecs, settings, definition.arn, run, signal);
  return {
    cluster,
    taskDefinition: definition.arn,
    tasks,
    containers: definition.containers,
    startedAt: new Date().toISOString(),
  };
}

/** ARNs of the tasks of a run: those at work, and those that stopped within the last hour. */
export async function findTasks(
  ecs: Ecs,
  cluster: string,
  run: EcsRun,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lists = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.ask(`ListTasks of job ${run.job} in cluster ${cluster}`, signal, (client, options) =>
        client.send(new ListTasksCommand({ cluster, startedBy: startedBy(run), desiredStatus }), options),
      ),
    ),
  );
  return [...new Set(lists.flatMap(({ taskArns = [] }) => taskArns))];
}

async function runTask(
  ecs: Ecs,
  settings: EcsSettings,
  definition: string,
  run: EcsRun,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { cluster, count } = settings;
  const what = `RunTask of ${definition} in cluster ${cluster}`;
  const input = {
    ...runTaskInput(settings, definition),
    startedBy: startedBy(run),
    clientToken: `${run.runId}-${run.attempt}`,
  };
  const answer = await ecs.ask(what, signal, (client, options) =>
    client.send(new RunTaskCommand(input), options).catch((error: unknown) => {
      // Started by an attempt before, when the configuration said something else: those are the tasks of this run.
      if (error instanceof ConflictException && error.resourceIds?.length)
        return { tasks: error.resourceIds.map((taskArn) => ({ taskArn })), failures: [] };
      throw error;
    }),
  );
  const tasks = (answer.tasks ?? []).flatMap(({ taskArn }) => (taskArn === undefined ? [] : [taskArn]));
  const failures = answer.failures ?? [];
  if (tasks.length >= count && failures.length === 0) return tasks;
  await stopTasks(ecs, cluster, tasks, 'Holdfast: not all tasks of the job could be started', signal);
  throw new HoldfastError(
    'TaskNotStarted',
    `${what}: ECS started ${tasks.length} of ${count}: ${failures.map(failureText).join('; ') || 'it gives no reason'}.`,
    { details: { failures: failures.map(failureText) } },
  );
}

/** `RESOURCE:MEMORY (arn:…)`. */
function failureText({ reason = 'no reason', detail, arn }: Failure): string {
  const said = detail === undefined ? reason : `${reason}: ${detail}`;
  return arn === undefined ? said : `${said} (${arn})`;
}
