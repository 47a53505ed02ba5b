import type { TaskWork } from '../config/config.ts';
import type { TaskDescription } from '../workflows/contract/task.ts';
import { type Step, taskOf } from './step.ts';

/** What the workflow needs to know of a task. Asks nobody: it comes from the worker's configuration. */
export function describeTask(
  { config }: Pick<Step, 'config'>,
  { job }: { readonly job: string },
): Promise<TaskDescription> {
  const { work, deadline } = taskOf(config, job);
  return Promise.resolve({ job, kind: work.kind, ...descriptionOf(work), deadline });
}

function descriptionOf(work: TaskWork): Pick<TaskDescription, 'summary' | 'grace' | 'retries'> {
  switch (work.kind) {
    case 'command': {
      const { argv, user, grace, retries } = work.command;
      // Arguments may hold secrets: only the program is named.
      return { summary: `${argv[0]}${user === undefined ? '' : ` as ${user}`}`, grace, retries };
    }
    case 'ecs': {
      const { taskDefinition, cluster, count, retries } = work.ecs;
      const summary = `${count === 1 ? '' : `${count} × `}${taskDefinition} in the cluster ${cluster}`;
      // How long its containers may take to stop, the task definition says.
      return { summary, grace: 0, retries };
    }
  }
}
