import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { taskOf } from '../../activities/step.ts';
import type { TaskConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { taskResultIn } from '../../workflows/contract/task.ts';
import { withTemporal } from '../connection.ts';
import { followRun } from '../follow-run.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { startTask } from '../start-task.ts';
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
  await followRun(client, io, { workflowId, what: 'task', resultIn: taskResultIn }, async (result) => {
    if (json) await printJson(io, result);
    else for (const line of [...outputLines(result), endLine(result)]) await printLine(io, line);
  });
}
