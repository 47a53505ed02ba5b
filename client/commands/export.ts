import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { type BackupKeys, withKeys } from '../backup-keys.ts';
import { checkExport, type ExportFormat } from '../export-check.ts';
import { exportText } from '../export-text.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { write } from '../output.ts';
import { type OpenedBackup, openKeys } from '../records.ts';
import { addSourceOptions, type SourceOptions, withSource } from '../sources.ts';

interface ExportOptions extends SourceOptions, ExportFormat {
  readonly output?: string;
}

export function addExportCommand(program: Command, io: Io): void {
  const command = program
    .command('export')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('write a backup as a file of another tool')
    .description(
      'Write a backup of Consul as `consul kv export` or consulate would, for `consul kv import` or `consulate kv ' +
        'restore`. What the format cannot hold is refused, before anything is written.',
    )
    .addOption(
      new Option('--format <format>', 'whose file it is to be')
        .choices(['consul-kv-export', 'consulate'])
        .makeOptionMandatory(),
    )
    .option('--base64', 'consulate: values as base64, for `consulate kv restore -b`', false)
    .option('-o, --output <file>', 'write this file (mode 0600) instead of stdout');
  addSourceOptions(command)
    .action((job: string, backup: string, options: ExportOptions, self: Command) =>
      withSource(job, self, io, async (source) => {
        const content = await openKeys(source, backup, io);
        await withKeys(source, content, io, (keys) => exportKeys(content, keys, options, io));
      }),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast export consul-prod --format consul-kv-export | consul kv import -', 'with Consul alone'],
        ['holdfast export consul-prod --format consulate --base64 -o keys.json', 'for consulate'],
      ),
    );
}

async function exportKeys(
  { manifest }: OpenedBackup,
  keys: BackupKeys,
  options: ExportOptions,
  io: Io,
): Promise<void> {
  const { id, job, store } = manifest;
  if (store.kind !== 'consul')
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} is one of ${store.kind}; both formats are Consul's.`,
    );
  await checkExport((await keys('')).records, options, io);
  const text = exportText((await keys('')).records, options);
  if (options.output === undefined) for await (const part of text) await write(io.stdout, part, io.signal);
  else await writeFileWhole(options.output, text);
}

/** The file appears whole, or not at all. */
async function writeFileWhole(path: string, text: AsyncIterable<string>): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    for await (const part of text) await file.writeFile(part);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
