import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { taskOf } from '../../activities/step.ts';
import type { TaskConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import type { TaskResult } from '../../workflows/contract/task.ts';
import { withTemporal } from '../connection.ts';
import { follow } from '../follow.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { runFailure } from '../run-failure.ts';
import { startTask } from '../start-task.ts';
import { failedTaskResult } from '../task-status.ts';
import { endLine, outputLines } from '../task-text.ts';

type RunOptions = GlobalOptions & { readonly wait: boolean };

export function addRunCommand(program: Command, io: Io): void {
  program
    .command('run')
    .argument('<job>', 'the job: one with `command` or `ecs`')
    .summary('run a task now')
    .description(
      'Runs a task now, on a worker that allows it, unless it is at work. Follows the run and ends with what the task wrote; Ctrl-C stops ' +
        'only the following. The exit code is 1 where the task failed.',
    )
    .option('--no-wait', 'start it and leave')
    .action(async (name: string, _options: unknown, command: Command) => {
      const options: RunOptions = { ...globalOptions(command), ...command.opts<{ wait: boolean }>() };
      const config = await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'keep' });
      const task = taskOf(config, name);
      await withTemporal(config.temporal, io, (client) => runTask(client, task, io, options));
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast run rotate-logs', 'now, with what it writes'],
        ['holdfast run rotate-logs --json', 'exit status, output and times as JSON'],
        ['holdfast run rotate-logs --no-wait', 'from a script that looks later'],
      ),
    );
}

async function runTask(client: Client, task: TaskConfig, io: Io, { json, wait }: RunOptions): Promise<void> {
  const { id, workflowId } = await startTask(client, task);
  if (!wait) {
    if (json) await printJson(io, { job: task.name, id, workflowId });
    else await printLine(io, `Run ${id} of ${task.name} is started: workflow ${workflowId}`);
    return;
  }
  if (!json) say(io, `Run ${id} of ${task.name}: workflow ${workflowId}`);
  await followTask(client, io, workflowId, async (result) => {
    if (json) await printJson(io, result);
    else for (const line of [...outputLines(result), endLine(result)]) await printLine(io, line);
  });
}

/** Shows the result also of a task that failed, and then fails as it did. */
async function followTask(
  client: Client,
  io: Io,
  workflowId: string,
  show: (result: TaskResult) => Promise<void>,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    await show(await follow(client, io, { workflowId }, () => handle.result() as Promise<TaskResult>));
  } catch (error) {
    if (io.signal.aborted) {
      say(
        io,
        `\nThe task goes on. Look at it: holdfast status. Stop it: temporal workflow cancel --workflow-id '${workflowId}'`,
      );
      throw io.signal.reason;
    }
    const result = failedTaskResult(error);
    if (result !== undefined) await show(result);
    throw runFailure(error, workflowId);
  }
}
