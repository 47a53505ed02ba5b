import type { Command } from 'commander';
import { storeAddresses, type Config, type JobConfig, type TaskWork } from '../../config/config.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { mistakesOf } from '../../config/mistake.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { counted, duration } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { cronText } from '../schedules/times.ts';
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
    if (json)
      await printJson(io, {
        valid: true,
        file,
        jobs: [...config.jobs.keys(), ...config.tasks.keys()],
        mistakes: [],
      });
    else await printSummary(config, io);
  } catch (error) {
    if (json && error instanceof HoldfastError && error.code === 'ConfigInvalid') {
      await printJson(io, { valid: false, file, mistakes: mistakesOf(error) });
    }
    throw error;
  }
}

async function printSummary(config: Config, io: Io): Promise<void> {
  const jobs = counted(config.jobs.size + config.tasks.size, 'job');
  await printLine(io, `${config.file}: no mistakes; ${jobs}, ${counted(config.storages.size, 'storage')}.`);
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
  const tables = [
    ...(rows.length === 0 ? [] : ['', ...table(columns, rows)]),
    ...(config.tasks.size === 0 ? [] : ['', ...taskTable(config)]),
  ];
  for (const line of tables) await printLine(io, line);
}

function storeText({ store, scope }: JobConfig): string {
  if (store.kind === 'elasticsearch') {
    const { addresses, indices } = store.elasticsearch;
    return `${store.kind} ${addresses.join(', ')} (${store.mode} of ${indices.join(', ')})`;
  }
  const keys = scope.prefix === '' ? 'all keys' : `keys under ${JSON.stringify(scope.prefix)}`;
  return `${store.kind} ${storeAddresses(store).join(', ')} (${keys})`;
}

function storageText({ storage, storageName }: JobConfig): string {
  if (storage.kind === 'directory') return `${storageName} (${storage.directory.path})`;
  const { bucket, prefix } = storage.s3;
  return `${storageName} (s3://${[bucket, prefix].filter((part) => part !== '').join('/')})`;
}

function taskTable({ tasks, worker }: Config): readonly string[] {
  const columns = ['TASK', 'WORK', 'RETRIES', 'SCHEDULE', 'RUNS HERE'].map((title) => ({ title }));
  const rows = [...tasks.values()].map((task) => {
    const { text, retries } = workText(task.work);
    const here = task.work.kind === 'ecs' || worker.commands ? 'yes' : 'no (worker.commands)';
    return [task.name, text, String(retries), scheduleText(task), here];
  });
  return table(columns, rows);
}

function workText(work: TaskWork): { readonly text: string; readonly retries: number } {
  if (work.kind === 'ecs') {
    const { taskDefinition, cluster, retries } = work.ecs;
    return { text: `ecs ${taskDefinition} in ${cluster}`, retries };
  }
  const { argv, user, retries } = work.command;
  return { text: `command ${argv[0]}${user === undefined ? '' : ` as ${user}`}`, retries };
}

function scheduleText({ schedule }: Pick<JobConfig, 'schedule'>): string {
  if (schedule === undefined) return 'none';
  const jitter = schedule.jitter === 0 ? '' : `, up to ${duration(schedule.jitter)} later`;
  return `${cronText(schedule)} (${schedule.timezone}${jitter})`;
}
