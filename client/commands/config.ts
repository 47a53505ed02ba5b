import type { Command } from 'commander';
import { storeAddresses, type Config, type JobConfig } from '../../config/config.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { mistakesOf } from '../../config/mistake.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { counted, duration } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { table } from '../table.ts';

export function addConfigCommand(program: Command, io: Io): void {
  const config = program.command('config').description('check the configuration, or print its schema');
  config
    .command('check')
    .summary('check the configuration')
    .description('Check the configuration: a summary, or every mistake in it (exit code 2).')
    .action((_options: unknown, command: Command) => check(command, io))
    .addHelpText(
      'after',
      examples(
        ['holdfast config check', 'check ./holdfast.yaml, or the file in HOLDFAST_CONFIG'],
        ['holdfast config check --config prod.yaml --json', 'the mistakes for a program'],
      ),
    );
  config
    .command('schema')
    .summary('print the JSON Schema of the configuration')
    .description('Print the JSON Schema of the configuration, with which editors complete and explain it.')
    .action(() => printJson(io, configJsonSchema()))
    .addHelpText(
      'after',
      examples([
        'holdfast config schema > holdfast.schema.json',
        'for the first line of holdfast.example.yaml',
      ]),
    );
}

async function check(command: Command, io: Io): Promise<void> {
  const { config: given, json } = globalOptions(command);
  const file = configFile(given, io.env);
  try {
    const config = await loadConfig(file, { env: io.env, unset: 'fail' });
    if (json) await printJson(io, { valid: true, file, jobs: [...config.jobs.keys()], mistakes: [] });
    else await printSummary(config, io);
  } catch (error) {
    if (json && error instanceof HoldfastError && error.code === 'ConfigInvalid') {
      await printJson(io, { valid: false, file, mistakes: mistakesOf(error) });
    }
    throw error;
  }
}

async function printSummary(config: Config, io: Io): Promise<void> {
  const jobs = counted(config.jobs.size, 'job');
  await printLine(io, `${config.file}: no mistakes; ${jobs}, ${counted(config.storages.size, 'storage')}.`);
  if (config.jobs.size === 0) return;
  const columns = ['JOB', 'STORE', 'STORAGE', 'SCHEDULE', 'ENCRYPTED'].map((title) => ({ title }));
  const rows = [...config.jobs.values()].map((job) => [
    job.name,
    storeText(job),
    storageText(job),
    scheduleText(job),
    job.encryption.recipients.length > 0
      ? `for ${counted(job.encryption.recipients.length, 'recipient')}`
      : 'no',
  ]);
  for (const line of ['', ...table(columns, rows)]) await printLine(io, line);
}

function storeText({ store, scope }: JobConfig): string {
  if (store.kind === 'elasticsearch') {
    const { addresses, indices } = store.elasticsearch;
    return `${store.kind} ${addresses.join(', ')} (snapshot of ${indices.join(', ')})`;
  }
  const keys = scope.prefix === '' ? 'all keys' : `keys under ${JSON.stringify(scope.prefix)}`;
  return `${store.kind} ${storeAddresses(store).join(', ')} (${keys})`;
}

function storageText({ storage, storageName }: JobConfig): string {
  if (storage.kind === 'directory') return `${storageName} (${storage.directory.path})`;
  const { bucket, prefix } = storage.s3;
  return `${storageName} (s3://${[bucket, prefix].filter((part) => part !== '').join('/')})`;
}

function scheduleText({ schedule }: JobConfig): string {
  if (schedule === undefined) return 'none';
  const jitter = schedule.jitter === 0 ? '' : `, up to ${duration(schedule.jitter)} later`;
  return `${schedule.cron} (${schedule.timezone}${jitter})`;
}
