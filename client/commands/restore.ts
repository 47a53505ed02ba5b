import type { Client } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { jobOf } from '../../activities/step.ts';
import type { JobConfig } from '../../config/config.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Plan, RestoreMode } from '../../workflows/contract/restore.ts';
import { canAsk } from '../ask.ts';
import { addDataDirOptions, dataDirFlags, type DataDirOptions } from '../data-dir-options.ts';
import { withTemporal } from '../connection.ts';
import { directConfig } from '../direct/config.ts';
import { examples } from '../help.ts';
import { addOldFileOptions, importFile } from '../import-file.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { restoreDataDir } from '../restore-data-dir.ts';
import { restoreWithoutTemporal } from '../restore-direct.ts';
import { followToReport, LeftWaiting } from '../restore-approval.ts';
import { tellEnd } from '../restore-end.ts';
import { importedLines } from './import.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { requestOf, sendRequest } from '../restore-request.ts';
import type { RequestReference } from '../restore-run.ts';
import { shortDigest } from '../restore-text.ts';
import { addSourceOptions, addStoreOption } from '../sources.ts';

export function addRestoreCommand(program: Command, io: Io): void {
  const command = program
    .command('restore')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('bring a backup back')
    .description(
      'Brings a backup back: shows the plan of what would change, asks, takes a safety backup of what is about to be ' +
        'overwritten, changes it, and proves the result. Exit code 4 where the plan was declined or expired.',
    )
    .option('--prefix <prefix>', 'only the keys under this prefix')
    .option('--to-prefix <prefix>', 'write them under this prefix instead of in place')
    .option('--to-job <job>', 'write into the store of this job')
    .addOption(
      new Option(
        '--mode <mode>',
        'add what is missing (default: missing-only); also change what differs; also remove what is too much. Of ' +
          'documents: load into indices that are there, instead of making new ones',
      ).choices(['missing-only', 'overwrite', 'mirror'] satisfies RestoreMode[]),
    )
    .option('--whole', 'a snapshot of Consul: replace everything, ACLs too, not only keys', false)
    .option('--indices <names>', 'only these indices and data streams, with `*`, separated by commas')
    .option('--rename <name>', 'the name each index gets, where $1 is its own (default: restored-$1)')
    .addOption(
      new Option(
        '--in-place <how>',
        'replace the indices of the same names: close or delete them first',
      ).choices(['close', 'delete']),
    )
    .option(
      '--index-setting <name=value>',
      'give the restored indices this setting (may be repeated)',
      addSetting,
      {} as Readonly<Record<string, string>>,
    )
    .option('--keep-lifecycle', 'leave lifecycle policies on, which may delete old indices at once', false)
    .option('--swap-aliases', 'at the end, let the aliases point to what was restored', false)
    .option('--dry-run', 'show the plan, change nothing', false)
    .option('--yes', 'approve beforehand, whatever the plan is', false)
    .option('--plan <digest>', 'approve if the plan is this one (its first 12 digits), decline any other')
    .option('--no-wait', 'leave the plan waiting for `holdfast approve` or `holdfast decline`')
    .option('--no-safety-backup', 'do not back up what is about to be overwritten')
    .option('--direct', 'without Temporal: this process does all of it, with what the job needs', false)
    .option(
      '--from <file>',
      'import this file of another tool, or this snapshot, first (`holdfast import`), and restore from it',
    );
  addOldFileOptions(addStoreOption(addSourceOptions(addDataDirOptions(command))))
    .action(async (name: string, which: string, { toDataDir }: Partial<DataDirOptions>) => {
      const options: RestoreOptions = { ...globalOptions(command), ...command.opts<RestoreOptions>() };
      checkFrom(options, which, toDataDir);
      const backup = async (): Promise<string> =>
        options.from === undefined ? which : importFrom(options.from, name, io, options);
      if (toDataDir !== undefined) {
        const place = { ...globalOptions(command), ...command.opts<DataDirOptions>() };
        return restoreDataDir(name, backup, place, command, io);
      }
      checkThatNothingIsForDataDir(command);
      checkThatSomebodyDecides(io, options);
      if (!options.direct) refuseForTemporal(options);
      const config = options.direct
        ? await directConfig(name, which, options, io)
        : await loadConfig(configFile(options.config, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name);
      if (options.toJob !== undefined) jobOf(config, options.toJob);
      if (options.direct) return restoreWithoutTemporal(config, job, await backup(), io, options);
      await withTemporal(config.temporal, io, async (client) => {
        await restore(client, job, await backup(), io, options);
      });
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast restore consul-prod', 'bring back what is missing, from the newest backup'],
        ['holdfast restore consul-prod --mode mirror --dry-run', 'what it would take to be as the backup is'],
        [
          'holdfast restore consul-prod before:2026-11-22T04:00:00Z --prefix app/ --mode overwrite',
          'a part, of a time',
        ],
        ['holdfast restore consul-prod --to-prefix restored/', 'beside what is there'],
        ['holdfast restore search-prod --indices "logs-*"', 'indices, as restored-logs-…'],
        [
          'holdfast restore search-prod --indices orders --in-place close',
          'one index, in place of the live one',
        ],
        [
          'holdfast restore search-docs --indices orders --mode missing-only',
          'documents that an index has lost',
        ],
        ['holdfast restore consul-whole --whole', 'all of Consul, in place of what is there'],
        ['holdfast restore etcd-prod --to-data-dir /var/lib/etcd', 'a lost etcd, of one member'],
        ['holdfast restore consul-prod --from keys.json --no-base64', 'from a file of consulate'],
        ['holdfast restore consul-whole --from backup.snap --whole', 'from a file of `consul snapshot save`'],
        ['holdfast restore consul-prod --direct', 'on a day without Temporal'],
        [
          'holdfast restore consul-prod --direct --storage s3://backups/prod --store http://127.0.0.1:8500',
          'and without a configuration',
        ],
      ),
    );
}

function addSetting(
  text: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new HoldfastError(
      'BadRequest',
      `--index-setting ${text}: expected a name, =, and a value. Nothing was requested.`,
    );
  }
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Somebody who names a member means a data directory, and must not get another restore than that. */
function checkThatNothingIsForDataDir(command: Command): void {
  for (const [name, flag] of dataDirFlags) {
    if (command.getOptionValueSource(name) !== 'cli') continue;
    throw new HoldfastError('BadRequest', `${flag} goes with --to-data-dir. Nothing was requested.`);
  }
}

/** What this process is told, a worker would not know. */
function refuseForTemporal({ storage, store, identity }: RestoreOptions): void {
  if (storage === undefined && store.length === 0 && identity.length === 0) return;
  throw new HoldfastError(
    'BadRequest',
    '--storage, --store and --identity go with --direct or --to-data-dir: a worker restores with its own configuration. ' +
      'Nothing was requested.',
  );
}

function checkFrom({ from, storage }: RestoreOptions, which: string, toDataDir: string | undefined): void {
  if (from === undefined) return;
  if (toDataDir !== undefined && storage !== undefined)
    throw new HoldfastError('BadRequest', '--from needs a configuration, in whose place --storage stands.');
  if (which !== 'latest')
    throw new HoldfastError('BadRequest', 'Either a backup or --from: what is imported is what is restored.');
}

/** Makes a backup out of a file, and gives its id. */
async function importFrom(file: string, job: string, io: Io, options: RestoreOptions): Promise<string> {
  const { config } = options;
  const imported = await importFile({ job, file, options, ...(config !== undefined && { config }) }, io);
  for (const line of importedLines(imported)) say(io, line);
  return imported.captured.id;
}

/** Known before anything is requested, so that no plan is left waiting by accident. */
function checkThatSomebodyDecides(io: Io, { yes, dryRun, plan, wait, direct }: RestoreOptions): void {
  if (direct && !wait)
    throw new HoldfastError('BadRequest', '--direct and --no-wait exclude each other: nobody else decides.');
  if (yes && plan !== undefined)
    throw new HoldfastError('BadRequest', '--yes and --plan exclude each other.');
  if (yes || dryRun || plan !== undefined || !wait || canAsk(io)) return;
  throw new HoldfastError(
    'BadRequest',
    'Nobody can be asked for the approval, since this is no terminal. Use --dry-run and then --plan <digest>, ' +
      'or --yes, or --no-wait and then `holdfast approve`. Nothing was requested.',
  );
}

async function restore(
  client: Client,
  job: JobConfig,
  backup: string,
  io: Io,
  options: RestoreOptions,
): Promise<void> {
  const request = await sendRequest(client, job, requestOf(backup, options));
  if (!options.json)
    say(io, `Restore of ${job.name}: workflow ${request.workflowId}, request ${request.requestId}`);
  const farewell =
    `Look at it: holdfast status ${job.name}. ` +
    `End it before anything is changed: holdfast decline ${job.name}`;
  try {
    await tellEnd(io, { job: job.name, json: options.json, farewell }, () =>
      followToReport(client, job.name, request, io, options),
    );
  } catch (error) {
    if (!(error instanceof LeftWaiting)) throw error;
    await printWaiting(error.plan, job.name, request, io, options);
  }
}

async function printWaiting(
  plan: Plan,
  job: string,
  request: RequestReference,
  io: Io,
  { json }: RestoreOptions,
): Promise<void> {
  if (json) return printJson(io, { job, ...request, plan });
  await printLine(io, `The plan waits for its approval: holdfast approve ${job} ${shortDigest(plan)}`);
  await printLine(io, `To decline it: holdfast decline ${job}`);
}
