import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import type { JobConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { type DrillInput, drillResultIn } from '../../workflows/contract/drill.ts';
import { startingDrill } from '../../workflows/contract/starting.ts';
import { withTemporal } from '../connection.ts';
import { resultLines } from '../drill-text.ts';
import { followRun } from '../follow-run.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { type StartedRun, startWithFreeId } from '../start-run.ts';

type DrillOptions = GlobalOptions & { readonly wait: boolean };

export function addDrillCommand(program: Command, io: Io): void {
  program
    .command('drill')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, random, or before:<time> (default: as the job says)')
    .summary('restore a backup into a scratch place and compare')
    .description(
      'Restores a backup into a scratch place by the code of a real restore, compares what comes out with what was ' +
        'backed up, measures how long that takes, cleans up, and keeps the evidence beside the manifest. The live ' +
        'store is not touched. Follows the run; Ctrl-C stops only the following. Exit code 3 where it does not come ' +
        'back as it was.',
    )
    .option('--no-wait', 'start it and leave')
    .action(async (name: string, backup: string | undefined, _options: unknown, command: Command) => {
      const options: DrillOptions = { ...globalOptions(command), ...command.opts<{ wait: boolean }>() };
      const config = await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name);
      await withTemporal(config.temporal, io, (client) => drill(client, job, backup, io, options));
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast drill consul-prod', 'the backup that the job says, as a rule the newest'],
        ['holdfast drill consul-prod random', 'one drawn from the older ones'],
        ['holdfast drill consul-prod 20261122T041500Z --json', 'what was compared and the RTO, as JSON'],
      ),
    );
}

async function drill(
  client: Client,
  job: JobConfig,
  backup: string | undefined,
  io: Io,
  { json, wait }: DrillOptions,
): Promise<void> {
  const { id, handle } = await start(client, job, backup);
  const { workflowId } = handle;
  if (!wait) {
    if (json) await printJson(io, { job: job.name, id, workflowId });
    else await printLine(io, `Drill ${id} of ${job.name} is started: workflow ${workflowId}`);
    return;
  }
  if (!json) say(io, `Drill ${id} of ${job.name}: workflow ${workflowId}`);
  await followRun(client, io, { workflowId, what: 'drill', resultIn: drillResultIn }, async (result) => {
    if (json) await printJson(io, result);
    else for (const line of resultLines(result)) await printLine(io, line);
  });
}

function start(client: Client, { name, store }: JobConfig, backup: string | undefined): Promise<StartedRun> {
  return startWithFreeId(client, (id) => {
    const input: DrillInput = { job: name, id, ...(backup !== undefined && { backup }) };
    return { starting: startingDrill({ job: name, store: store.kind }, id, 'manual drill'), input };
  });
}
