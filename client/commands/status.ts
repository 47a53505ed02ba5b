import type { Command } from 'commander';
import { jobOf, taskOf } from '../../activities/step.ts';
import type { Config, JobConfig, TaskConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { withTemporal } from '../connection.ts';
import { type JudgedBackup, type JudgedTask, readJudgedBackup, readJudgedTask } from '../health.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine, say } from '../output.ts';
import { named } from '../failure.ts';
import { statusLines, statusTable } from '../status-text.ts';
import { taskLines, taskTable } from '../task-text.ts';
import { readWatchProblems } from '../watch.ts';

export function addStatusCommand(program: Command, io: Io): void {
  program
    .command('status')
    .argument('[job]', 'the job (default: all jobs)')
    .summary('show schedules, last runs, and what is at work')
    .description(
      'Shows, from Temporal, the schedule of each job, its last run, what is at work, and whether a restore waits for ' +
        'its approval. The exit code is not 0 where something is wrong: a run failed, is overdue or dropped out, the ' +
        'newest backup is suspicious, a restore failed half-way, a schedule is paused or missing, ' +
        'a channel of alarms fails.',
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const wanted = asked(config, name);
      const [jobs, tasks, alarms] = await withTemporal(config.temporal, io, (client) =>
        Promise.all([
          Promise.all(wanted.jobs.map((job) => readJudgedBackup(client, job))),
          Promise.all(wanted.tasks.map((task) => readJudgedTask(client, task))),
          name === undefined ? readWatchProblems(client, config) : [],
        ]),
      );
      if (json) await printJson(io, { jobs: jobs.map(document), tasks: tasks.map(document), alarms });
      else for (const line of lines(jobs, tasks, name !== undefined, io)) await printLine(io, line);
      if (!json) for (const { text } of alarms) say(io, `Alarms: ${text}`);
      judge([...jobs, ...tasks]);
      if (alarms[0] !== undefined) throw named(undefined, alarms[0].text);
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast status', 'all jobs, one a line'],
        ['holdfast status consul-prod', 'everything of one job, with the plan that waits'],
      ),
    );
}

interface Asked {
  readonly jobs: readonly JobConfig[];
  readonly tasks: readonly TaskConfig[];
}

function asked(config: Config, name: string | undefined): Asked {
  if (name === undefined) return { jobs: [...config.jobs.values()], tasks: [...config.tasks.values()] };
  if (config.tasks.has(name)) return { jobs: [], tasks: [taskOf(config, name)] };
  return { jobs: [jobOf(config, name)], tasks: [] };
}

function document({ status, problems }: JudgedBackup | JudgedTask): object {
  return { ...status, problems };
}

function lines(
  jobs: readonly JudgedBackup[],
  tasks: readonly JudgedTask[],
  whole: boolean,
  io: Io,
): readonly string[] {
  const now = Date.now();
  if (whole) {
    return [
      ...jobs.flatMap((judged) => statusLines(judged, now)),
      ...tasks.flatMap((judged) => taskLines(judged, now)),
    ];
  }
  const style = (text: string): string => paint(io, io.stdout, 'dim', text);
  return [
    ...(jobs.length > 0 || tasks.length === 0 ? statusTable(jobs, now, style) : []),
    ...(jobs.length > 0 && tasks.length > 0 ? [''] : []),
    ...(tasks.length > 0 ? taskTable(tasks, now, style) : []),
  ];
}

function judge(jobs: readonly (JudgedBackup | JudgedTask)[]): void {
  const bad = jobs.find(({ problems }) => problems.length > 0);
  const [worst] = bad?.problems ?? [];
  if (worst === undefined) return;
  throw named(worst.kind === 'failed' ? bad?.status.last?.failure?.code : undefined, worst.text);
}
