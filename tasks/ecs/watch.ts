import { setTimeout as sleep } from 'node:timers/promises';
import type { EcsStarted, EcsTask } from '../../workflows/contract/ecs.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Ecs } from './client.ts';
import { describeTasks } from './describe.ts';

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (tasks: readonly EcsTask[]) => void;
  /** Looks at the tasks each time they were described; what it throws ends the watch. */
  readonly look?: (tasks: readonly EcsTask[]) => void;
  readonly pace?: Pace;
}

/** Milliseconds between two looks. All tasks of an account share some twenty requests a second. */
export interface Pace {
  readonly first: number;
  readonly longest: number;
  /** How long ECS may say that it does not know a task that it has just started. */
  readonly unknownFor: number;
}

const defaultPace: Pace = { first: 1_000, longest: 15_000, unknownFor: 120_000 };
const growth = 1.3;

/**
 * Waits until every task has stopped.
 *
 * @throws TaskFailed where ECS has forgotten a task, so that nobody knows how it ended; EcsUnavailable, EcsRefused;
 * what `look` throws; the signal's reason
 */
export async function watchTasks(
  ecs: Ecs,
  started: EcsStarted,
  { signal, onProgress, look, pace = defaultPace }: WatchOptions,
): Promise<readonly EcsTask[]> {
  const seen = new Map<string, EcsTask>();
  for (let pause = pace.first; ; pause = Math.min(pause * growth, pace.longest)) {
    const described = await describeTasks(ecs, started, signal);
    for (const task of described) seen.set(task.arn, task);
    const tasks = [...seen.values()];
    onProgress(tasks);
    refuseForgotten(started, described, seen, pace.unknownFor);
    if (tasks.length === started.tasks.length && tasks.every(hasStopped)) return tasks;
    look?.(tasks);
    await sleep(pause * (0.9 + Math.random() / 5), undefined, { signal });
  }
}

export function hasStopped({ lastStatus }: EcsTask): boolean {
  return lastStatus === 'STOPPED';
}

function refuseForgotten(
  { tasks, cluster, startedAt }: EcsStarted,
  described: readonly EcsTask[],
  seen: ReadonlyMap<string, EcsTask>,
  unknownFor: number,
): void {
  const now = new Set(described.map(({ arn }) => arn));
  const missing = tasks.filter((arn) => {
    const before = seen.get(arn);
    return !now.has(arn) && (before === undefined || !hasStopped(before));
  });
  if (missing.length === 0 || Date.now() - Date.parse(startedAt) < unknownFor) return;
  throw new HoldfastError(
    'TaskFailed',
    `ECS no longer knows ${missing.join(', ')} in cluster ${cluster}: it forgets a task an hour after it stopped, and ` +
      'how this one ended is not known.',
  );
}
