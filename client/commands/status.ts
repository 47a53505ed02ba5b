import type { Command } from 'commander';
import { jobOf, taskOf } from '../../activities/step.ts';
import type { Config, TaskConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { withTemporal } from '../connection.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine } from '../output.ts';
import { named } from '../failure.ts';
import { type JobStatus, readJobStatus } from '../status.ts';
import { statusLines, statusTable } from '../status-text.ts';
import { readTaskStatus, type TaskStatus } from '../task-status.ts';
import { taskLines, taskTable } from '../task-text.ts';

export function addStatusCommand(program: Command, io: Io): void {
  program
    .command('status')
    .argument('[job]', 'the job (default: all jobs)')
    .summary('show schedules, last runs, and what is at work')
    .description(
      'Shows, from Temporal, the schedule of each job, its last run, what is at work, and whether a restore waits for ' +
        'its approval. The exit code is not 0 where the last run of a job failed.',
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const [names, wanted] = asked(config, name);
      const [jobs, tasks] = await withTemporal(config.temporal, io, (client) =>
        Promise.all([
          Promise.all(names.map((job) => readJobStatus(client, job))),
          Promise.all(wanted.map((task) => readTaskStatus(client, task))),
        ]),
      );
      if (json) await printJson(io, { jobs, tasks });
      else for (const line of lines(jobs, tasks, name !== undefined, io)) await printLine(io, line);
      judge(jobs, tasks);
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast status', 'all jobs, one a line'],
        ['holdfast status consul-prod', 'everything of one job, with the plan that waits'],
      ),
    );
}

/** The names of the backups, and the tasks. */
function asked(config: Config, name: string | undefined): [readonly string[], readonly TaskConfig[]] {
  if (name === undefined) return [[...config.jobs.keys()], [...config.tasks.values()]];
  return config.tasks.has(name) ? [[], [taskOf(config, name)]] : [[jobOf(config, name).name], []];
}

function lines(
  jobs: readonly JobStatus[],
  tasks: readonly TaskStatus[],
  whole: boolean,
  io: Io,
): readonly string[] {
  const now = Date.now();
  if (whole) {
    return [
      ...jobs.flatMap((status) => statusLines(status, now)),
      ...tasks.flatMap((status) => taskLines(status, now)),
    ];
  }
  const style = (text: string): string => paint(io, io.stdout, 'dim', text);
  return [
    ...(jobs.length > 0 || tasks.length === 0 ? statusTable(jobs, now, style) : []),
    ...(jobs.length > 0 && tasks.length > 0 ? [''] : []),
    ...(tasks.length > 0 ? taskTable(tasks, now, style) : []),
  ];
}

function judge(jobs: readonly JobStatus[], tasks: readonly TaskStatus[]): void {
  for (const { job, last } of jobs) {
    if (last?.failure === undefined) continue;
    throw named(last.failure.code, `The last backup run of ${job} failed. ${last.failure.message}`);
  }
  for (const { job, last } of tasks) {
    if (last?.failure === undefined) continue;
    throw named(last.failure.code, `The last run of ${job} failed. ${last.failure.message}`);
  }
}
