import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import type { JobConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import type { BackupInput, BackupResult } from '../../workflows/contract/backup.ts';
import { startingBackup } from '../../workflows/contract/starting.ts';
import { withTemporal } from '../connection.ts';
import { ecsLines } from '../ecs-text.ts';
import { followRun } from '../follow-run.ts';
import { bytes, counted } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { paint, printJson, printLine, say } from '../output.ts';
import { type StartedRun, startWithFreeId } from '../start-run.ts';

type BackupOptions = GlobalOptions & { readonly wait: boolean };

export function addBackupCommand(program: Command, io: Io): void {
  program
    .command('backup')
    .argument('<job>', 'the job')
    .summary('make a backup now')
    .description(
      'Makes a backup now: reads the store, stores it, reads it back, publishes it. Follows the run and ends with ' +
        'its result; Ctrl-C stops only the following.',
    )
    .option('--no-wait', 'start it and leave')
    .action(async (name: string, _options: unknown, command: Command) => {
      const options: BackupOptions = { ...globalOptions(command), ...command.opts<{ wait: boolean }>() };
      const config = await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name);
      await withTemporal(config.temporal, io, (client) => backUp(client, job, io, options));
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast backup consul-prod', 'now, with a progress bar'],
        ['holdfast backup consul-prod --json', 'the result as JSON'],
        ['holdfast backup consul-prod --no-wait', 'from a script that looks later'],
      ),
    );
}

async function backUp(client: Client, job: JobConfig, io: Io, { json, wait }: BackupOptions): Promise<void> {
  const { id, handle } = await start(client, job);
  const { workflowId } = handle;
  if (!wait) {
    if (json) await printJson(io, { job: job.name, id, workflowId });
    else await printLine(io, `Backup ${id} of ${job.name} is started: workflow ${workflowId}`);
    return;
  }
  if (!json) say(io, `Backup ${id} of ${job.name}: workflow ${workflowId}`);
  await followRun<BackupResult>(client, io, { workflowId, what: 'backup' }, async (result) => {
    if (json) await printJson(io, result);
    else for (const line of resultLines(result, io)) await printLine(io, line);
  });
}

function start(client: Client, { name, store }: JobConfig): Promise<StartedRun> {
  return startWithFreeId(client, (id) => {
    const input: BackupInput = { job: name, id, reason: 'manual' };
    return { starting: startingBackup({ job: name, store: store.kind }, id, 'manual backup'), input };
  });
}

function resultLines(result: BackupResult, io: Io): readonly string[] {
  const { job, id, content, storedBytes, unchangedSince, pruned, pruneFailure } = result;
  const stored =
    unchangedSince === undefined ? `stored ${bytes(storedBytes)}` : `unchanged since ${unchangedSince}`;
  const facts = `${counted(content.records, 'record')}, ${bytes(content.bytes)}, ${stored}`;
  const verified = paint(io, io.stdout, 'green', 'is published and verified');
  return [
    `${job} ${id} ${verified}: ${facts}`,
    result.manifest,
    ...(result.suspicions ?? []).map((why) => `${paint(io, io.stdout, 'yellow', 'suspicious:')} ${why}`),
    ...(pruned.length > 0 ? [`Removed ${counted(pruned.length, 'old backup')}: ${pruned.join(', ')}`] : []),
    ...(pruneFailure === undefined
      ? []
      : [`Old backups could not be removed (${pruneFailure.code}): ${pruneFailure.message}`]),
    ...ecsLines(result.ecs ?? []),
  ];
}
