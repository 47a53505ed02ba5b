import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { withTemporal } from '../connection.ts';
import { approve } from '../decision.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function addApproveCommand(program: Command, io: Io): void {
  program
    .command('approve')
    .argument('<job>', 'the job')
    .argument('<digest>', "at least the first 12 digits of the plan's digest")
    .summary('approve the plan of a restore that waits')
    .description(
      'Approves the plan of a restore that waits; `holdfast status <job>` shows it. Exit code 4 where another plan ' +
        'waits, or none.',
    )
    .action(async (name: string, digest: string, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name).name;
      const { restoreId } = await withTemporal(config.temporal, io, (client) =>
        approve(client, io, job, digest),
      );
      if (json) await printJson(io, { job, restoreId, decision: 'approved' });
      else
        await printLine(io, `Restore ${restoreId} of ${job} is approved. Look at it: holdfast status ${job}`);
    });
}
