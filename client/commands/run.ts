import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { taskOf } from '../../activities/step.ts';
import type { TaskConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingTask } from '../../workflows/contract/starting.ts';
import type { TaskInput, TaskResult } from '../../workflows/contract/task.ts';
import { withTemporal } from '../connection.ts';
import { follow } from '../follow.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { runFailure } from '../run-failure.ts';
import { failedTaskResult } from '../task-status.ts';
import { endLine, outputLines } from '../task-text.ts';

type RunOptions = GlobalOptions & { readonly wait: boolean };

export function addRunCommand(program: Command, io: Io): void {
  program
    .command('run')
    .argument('<job>', 'the job: one with `command`')
    .summary('run a task now')
    .description(
      'Runs a task now, on a worker that allows it. Follows the run and ends with what the task wrote; Ctrl-C stops ' +
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
  const { id, handle } = await start(client, task);
  const { workflowId } = handle;
  if (!wait) {
    if (json) await printJson(io, { job: task.name, id, workflowId });
    else await printLine(io, `Run ${id} of ${task.name} is started: workflow ${workflowId}`);
    return;
  }
  if (!json) say(io, `Run ${id} of ${task.name}: workflow ${workflowId}`);
  await followTask(client, io, handle, async (result) => {
    if (json) await printJson(io, result);
    else for (const line of [...outputLines(result), endLine(result)]) await printLine(io, line);
  });
}

/** The id is a second; one that is taken already makes way for the next. */
async function start(
  client: Client,
  { name, work }: TaskConfig,
): Promise<{ readonly id: string; readonly handle: WorkflowHandle }> {
  for (let time = Date.now(); ; time += 1000) {
    const id = backupId(new Date(time));
    const { type, ...options } = startingTask({ job: name, kind: work.kind }, id, 'manual task');
    const input: TaskInput = { job: name, id };
    try {
      const workflowIdReusePolicy = 'REJECT_DUPLICATE';
      const handle = await client.workflow.start(type, { ...options, args: [input], workflowIdReusePolicy });
      return { id, handle };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

/** Shows the result also of a task that failed, and then fails as it did. */
async function followTask(
  client: Client,
  io: Io,
  handle: WorkflowHandle,
  show: (result: TaskResult) => Promise<void>,
): Promise<void> {
  const { workflowId } = handle;
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
