import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { withTemporal } from '../connection.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine } from '../output.ts';
import { named } from '../run-failure.ts';
import { type JobStatus, readJobStatus } from '../status.ts';
import { statusLines, statusTable } from '../status-text.ts';

export function addStatusCommand(program: Command, io: Io): void {
  program
    .command('status')
    .argument('[job]', 'the job (default: all jobs)')
    .summary('show schedules, last backups, and what is at work')
    .description(
      'Shows, from Temporal, the schedule of each job, its last backup run, what is at work, and whether a restore ' +
        'waits for its approval. The exit code is not 0 where the last backup run of a job failed.',
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const names = name === undefined ? [...config.jobs.keys()] : [jobOf(config, name).name];
      const jobs = await withTemporal(config.temporal, io, (client) =>
        Promise.all(names.map((job) => readJobStatus(client, job))),
      );
      if (json) await printJson(io, { jobs });
      else for (const line of lines(jobs, name !== undefined, io)) await printLine(io, line);
      judge(jobs);
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast status', 'all jobs, one a line'],
        ['holdfast status consul-prod', 'everything of one job, with the plan that waits'],
      ),
    );
}

function lines(jobs: readonly JobStatus[], whole: boolean, io: Io): readonly string[] {
  const now = Date.now();
  if (whole) return jobs.flatMap((status) => statusLines(status, now));
  return statusTable(jobs, now, (text) => paint(io, io.stdout, 'dim', text));
}

function judge(jobs: readonly JobStatus[]): void {
  for (const { job, last } of jobs) {
    if (last?.failure === undefined) continue;
    throw named(last.failure.code, `The last backup run of ${job} failed. ${last.failure.message}`);
  }
}
