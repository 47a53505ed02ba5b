import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { ask, canAsk } from '../ask.ts';
import { withTemporal } from '../connection.ts';
import { counted } from '../format.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { planReconciliation, reconcile, type Reconciliation, removals } from '../schedules/reconcile.ts';
import { nextRunLines, planJson, planLines } from '../schedules/text.ts';

type StartScheduleOptions = GlobalOptions & { readonly dryRun: boolean; readonly yes: boolean };

export function addStartScheduleCommand(program: Command, io: Io): void {
  program
    .command('start-schedule')
    .summary('make the schedules in Temporal what the configuration says')
    .description(
      'Makes the backup schedules in Temporal what the configuration says, and lets a restore workflow stand by for ' +
        'each job. Shows first what it creates, changes and removes; run again, it changes nothing. A pause that a ' +
        'person made stays, and schedules that Holdfast did not make are never touched.\n\n' +
        'What belongs to jobs that are no longer in the configuration is removed after a question, or with --yes.',
    )
    .option('--dry-run', 'show what would be done, and do nothing', false)
    .option('--yes', 'remove without asking what belongs to jobs that are gone', false)
    .action(async (_options: unknown, command: Command) => {
      const options: StartScheduleOptions = {
        ...globalOptions(command),
        ...command.opts<StartScheduleOptions>(),
      };
      const config = await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'keep' });
      await withTemporal(config.temporal, io, (client) => startSchedule(client, config, io, options));
    });
}

async function startSchedule(
  client: Client,
  config: Config,
  io: Io,
  options: StartScheduleOptions,
): Promise<void> {
  const plan = await planReconciliation(client, config);
  if (!options.json) for (const line of planLines(plan)) await printLine(io, line);
  if (options.dryRun) {
    if (options.json) await printJson(io, { applied: false, removed: false, ...planJson(plan, []) });
    else say(io, 'Nothing was changed (--dry-run).');
    return;
  }

  const removing = await mayRemove(plan, io, options);
  await registerSearchAttributes(client.connection, client.options.namespace);
  const { schedules, notStopped } = await reconcile(client, config, plan, removing);
  for (const id of notStopped)
    say(io, `${id} was left alone: it is at work, or no worker runs that could tell.`);
  if (options.json) {
    await printJson(io, { applied: true, removed: removing, notStopped, ...planJson(plan, schedules) });
    return;
  }
  if (schedules.length > 0) {
    await printLine(io, 'Next runs');
    for (const line of nextRunLines(schedules)) await printLine(io, line);
  }
}

/** Removing a schedule ends the backups of a store in silence, and the wrong file looks like a removal: so it is asked. */
async function mayRemove(plan: Reconciliation, io: Io, { yes }: StartScheduleOptions): Promise<boolean> {
  const ids = removals(plan);
  if (ids.length === 0 || yes) return ids.length > 0;
  if (canAsk(io)) return /^y(es)?$/i.test(await ask(io, `Remove ${ids.join(', ')}? [y/N] `));
  say(
    io,
    `Not removed: ${counted(ids.length, 'schedule or restore workflow', 'schedules or restore workflows')} of jobs that are gone; add --yes to remove.`,
  );
  return false;
}
