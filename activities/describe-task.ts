import type { TaskConfig } from '../config/config.ts';
import type { TaskDescription } from '../workflows/contract/task.ts';
import { type Step, taskOf } from './step.ts';

/** What the workflow needs to know of a task. Asks nobody: it comes from the worker's configuration. */
export function describeTask(
  { config }: Pick<Step, 'config'>,
  { job }: { readonly job: string },
): Promise<TaskDescription> {
  const { work, deadline } = taskOf(config, job);
  const { grace, retries } = work.command;
  return Promise.resolve({ job, kind: work.kind, summary: summaryOf(work), deadline, grace, retries });
}

/** Arguments may hold secrets: only the program is named. */
function summaryOf({ command: { argv, user } }: TaskConfig['work']): string {
  return `${argv[0]}${user === undefined ? '' : ` as ${user}`}`;
}
