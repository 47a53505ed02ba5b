import { type Ecs, openEcs } from '../tasks/ecs/client.ts';
import { type EcsRun, findTasks, startTasks } from '../tasks/ecs/run.ts';
import type { EcsSettings } from '../tasks/ecs/settings.ts';
import { stopTasks } from '../tasks/ecs/stop.ts';
import { judge, refuseLateStart } from '../tasks/ecs/verdict.ts';
import { watchTasks } from '../tasks/ecs/watch.ts';
import type {
  EcsInput,
  EcsStarted,
  EcsStopInput,
  EcsTask,
  EcsWatchInput,
} from '../workflows/contract/ecs.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { TaskProgress, TaskResult } from '../workflows/contract/task.ts';
import { ecsWorkOf } from './ecs-work.ts';
import type { Step } from './step.ts';

type EcsStep = Step<TaskProgress>;

/** @throws what `startTasks` throws */
export async function startEcs(step: EcsStep, input: EcsInput): Promise<EcsStarted> {
  return withEcs(step, input, async (ecs, settings, run) => {
    const started = await startTasks(ecs, settings, run, step.signal);
    const { job, id } = input;
    step.log.info('ECS runs the tasks', { job, id, tasks: started.tasks, cluster: started.cluster });
    return started;
  });
}

/** @throws TaskFailed and TaskNotStarted with a `TaskResult` as details, and what `watchTasks` throws */
export async function watchEcs(step: EcsStep, input: EcsWatchInput): Promise<TaskResult> {
  const { job, started } = input;
  return withEcs(step, input, async (ecs, { launchTimeout }) => {
    let seen: readonly EcsTask[] = [];
    try {
      const tasks = await watchTasks(ecs, started, {
        signal: step.signal,
        onProgress: (now) => {
          seen = now;
          step.onProgress(progressOf('running', started, now));
        },
        look: (now) => refuseLateStart(now, started, launchTimeout),
      });
      judge(tasks, started);
      return resultOf(input, started, tasks);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.retryable) throw error;
      const details = { ...resultOf(input, started, seen) };
      throw new HoldfastError(error.code, `Task ${job}: ${error.message}`, { details });
    }
  });
}

export async function stopEcs(step: EcsStep, input: EcsStopInput): Promise<TaskResult | null> {
  return withEcs(step, input, async (ecs, settings, run) => {
    const started = input.started ?? (await lookFor(ecs, settings, run, step.signal));
    if (started.tasks.length === 0) return null;
    await stopTasks(ecs, started.cluster, started.tasks, input.reason, step.signal);
    const tasks = await watchTasks(ecs, started, {
      signal: step.signal,
      onProgress: (now) => step.onProgress(progressOf('stopping', started, now)),
    });
    return resultOf(input, started, tasks);
  });
}

/** What a start that nobody heard of has left. */
async function lookFor(
  ecs: Ecs,
  { cluster, taskDefinition }: EcsSettings,
  run: EcsRun,
  signal: AbortSignal,
): Promise<EcsStarted> {
  const tasks = await findTasks(ecs, cluster, run, signal);
  return { cluster, taskDefinition, tasks, containers: [], startedAt: new Date().toISOString() };
}

async function withEcs<Result>(
  { config, run }: EcsStep,
  { job, attempt }: EcsInput,
  work: (ecs: Ecs, settings: EcsSettings, run: EcsRun) => Promise<Result>,
): Promise<Result> {
  if (run === undefined) throw new HoldfastError('Defect', 'Tasks of ECS belong to a run of Temporal.');
  const settings = ecsWorkOf(config, job, run);
  const ecs = openEcs(settings.connection);
  try {
    return await work(ecs, settings, { job, runId: run.runId, attempt });
  } finally {
    ecs.close();
  }
}

/** What they write is in their logs. */
const nothing = { text: '', bytes: 0, cut: false };

function progressOf(
  phase: TaskProgress['phase'],
  { startedAt }: EcsStarted,
  ecs: readonly EcsTask[],
): TaskProgress {
  return { phase, startedAt, stdout: nothing, stderr: nothing, ecs };
}

function resultOf(
  { job, id, attempt }: EcsInput,
  { containers, startedAt }: EcsStarted,
  ecs: readonly EcsTask[],
): TaskResult {
  const essential = new Set(containers.filter((plan) => plan.essential).map(({ name }) => name));
  const codes = ecs.flatMap((task) =>
    task.containers.filter(({ name }) => essential.has(name)).map(({ exitCode }) => exitCode),
  );
  const bad = codes.find((code) => code !== 0 && code !== undefined);
  const exitStatus = bad ?? (codes.includes(undefined) ? undefined : codes[0]);
  const ends = ecs.flatMap(({ stoppedAt }) => (stoppedAt === undefined ? [] : [stoppedAt]));
  return {
    ...{ job, id, kind: 'ecs', attempt },
    ...(exitStatus !== undefined && { exitStatus }),
    ...{ stdout: nothing, stderr: nothing, ecs, startedAt },
    endedAt: ends.sort().at(-1) ?? new Date().toISOString(),
  };
}
