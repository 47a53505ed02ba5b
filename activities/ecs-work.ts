import type { Config, RunIn } from '../config/config.ts';
import type { EcsSettings } from '../tasks/ecs/settings.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { type StepRun, taskOf } from './step.ts';

/**
 * What ECS runs for a job: its own tasks, or the worker that captures its backup.
 *
 * @throws UnknownJob, and BadRequest where ECS has nothing to do with it
 */
export function ecsWorkOf(config: Config, name: string, run: StepRun): EcsSettings {
  const runIn = config.jobs.get(name)?.runIn;
  if (runIn !== undefined) return captureWorker(runIn, run);
  const { work } = taskOf(config, name);
  if (work.kind === 'ecs') return work.ecs;
  throw new HoldfastError('BadRequest', `Task ${name} is a ${work.kind} here, not tasks of ECS.`);
}

/** Only the run is named: all else the container has from its image, its task definition and its role. */
function captureWorker({ container, ecs }: RunIn, { workflowId }: StepRun): EcsSettings {
  const { containers } = ecs.overrides;
  const command = ['worker', '--capture-for', workflowId];
  const override = { environment: {}, ...containers[container], command };
  return { ...ecs, overrides: { ...ecs.overrides, containers: { ...containers, [container]: override } } };
}
