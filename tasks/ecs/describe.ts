import { DescribeTasksCommand, type Container, type Task } from '@aws-sdk/client-ecs';
import type { EcsContainer, EcsStarted, EcsTask } from '../../workflows/contract/ecs.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';
import { logLocation } from './log-location.ts';

/**
 * The tasks as ECS knows them now; one that it does not know is absent. So it is in the first seconds, and again an
 * hour after it stopped.
 */
export async function describeTasks(
  ecs: Ecs,
  started: EcsStarted,
  signal: AbortSignal,
): Promise<readonly EcsTask[]> {
  const { cluster, tasks } = started;
  if (tasks.length === 0) return [];
  const what = `DescribeTasks in cluster ${cluster}`;
  const answer = await ecs.ask(what, signal, (client, options) =>
    client.send(new DescribeTasksCommand({ cluster, tasks: [...tasks] }), options),
  );
  const failed = (answer.failures ?? []).filter(({ reason }) => reason !== 'MISSING');
  if (failed.length > 0) {
    const reasons = failed.map(({ arn = '', reason = 'no reason' }) => `${reason} (${arn})`);
    throw new HoldfastError('EcsUnavailable', `${what}: ${reasons.join('; ')}.`);
  }
  return (answer.tasks ?? []).map((task) => taskOf(task, started));
}

function taskOf(task: Task, { containers }: EcsStarted): EcsTask {
  const { taskArn: arn = '', lastStatus = 'UNKNOWN', stopCode, stoppedReason } = task;
  const known = new Map((task.containers ?? []).map((container) => [container.name, container]));
  return {
    arn,
    lastStatus,
    ...(stopCode && { stopCode }),
    ...(stoppedReason && { stoppedReason }),
    ...(task.startedAt && { startedAt: task.startedAt.toISOString() }),
    ...(task.stoppedAt && { stoppedAt: task.stoppedAt.toISOString() }),
    containers: containers.map(({ name, log }) => ({
      name,
      ...containerOf(known.get(name)),
      ...(log && { log: logLocation(log, name, arn) }),
    })),
  };
}

function containerOf(container: Container = {}): Omit<EcsContainer, 'name'> {
  const { lastStatus, exitCode, reason } = container;
  return {
    ...(lastStatus !== undefined && { lastStatus }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
  };
}
