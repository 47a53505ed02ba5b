import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { withTemporal } from '../connection.ts';
import { decline } from '../decision.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function addDeclineCommand(program: Command, io: Io): void {
  program
    .command('decline')
    .argument('<job>', 'the job')
    .summary('decline the plan of a restore that waits')
    .description(
      'Declines the plan of a restore that waits: nothing is changed. Exit code 4 where none waits.',
    )
    .option('--reason <text>', 'why, for the report')
    .action(async (name: string, { reason }: { readonly reason?: string }, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name).name;
      const { restoreId } = await withTemporal(config.temporal, io, (client) =>
        decline(client, io, job, reason),
      );
      if (json) await printJson(io, { job, restoreId, decision: 'declined' });
      else await printLine(io, `Restore ${restoreId} of ${job} is declined; nothing was changed.`);
    });
}
