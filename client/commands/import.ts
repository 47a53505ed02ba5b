import type { Command } from 'commander';
import type { Imported } from '../../activities/importing.ts';
import { snapshotOf } from '../../activities/snapshot-file.ts';
import { bytes, counted } from '../format.ts';
import { examples } from '../help.ts';
import { addOldFileOptions, importFile, type OldFileOptions } from '../import-file.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { visible } from '../visible.ts';

interface ImportOptions extends OldFileOptions {
  readonly prefix?: string;
}

export function addImportCommand(program: Command, io: Io): void {
  const command = program
    .command('import')
    .argument('<job>', 'the job whose backup it becomes')
    .argument('<file>', 'a file, or s3://bucket/key?endpoint=…&region=…&path_style=true')
    .summary('make a backup out of a file of another tool')
    .description(
      'Make a backup of a job out of a file of consulate, consul kv export, curl …?recurse, consul-backinator, ' +
        'etcd-backup or etcd-aws, or out of a snapshot that `consul snapshot save` or `etcdctl snapshot save` wrote: ' +
        'stored, read back, published as every other. `latest` never means an imported one, its id does.',
    )
    .option('--prefix <prefix>', 'the keys that the file stands for (default: those of the job)');
  addOldFileOptions(command)
    .action(async (job: string, file: string, options: ImportOptions, self: Command) => {
      const { config, json } = globalOptions(self);
      const { prefix } = options;
      const imported = await importFile(
        {
          job,
          file,
          options,
          ...(prefix !== undefined && { prefix }),
          ...(config !== undefined && { config }),
        },
        io,
      );
      if (json) await printJson(io, { ...imported.captured, manifest: imported.manifest });
      else for (const line of importedLines(imported)) await printLine(io, line);
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast import consul-prod keys.json', 'by what the file looks like'],
        [
          'holdfast import consul-prod s3://old/kv.2015-10-21.json --no-base64',
          'of consulate, values as text',
        ],
        ['holdfast import consul-prod consul.bak --passphrase-file pass.txt', 'of consul-backinator'],
        ['holdfast import consul-whole backup.snap', 'all of a Consul'],
      ),
    );
}

export function importedLines({ captured, manifest }: Imported): readonly string[] {
  const { job, id, store, content, leftOut } = captured;
  const of = snapshotOf(captured) === undefined ? 'of keys and values' : 'of snapshot';
  return [
    `${store.address} (${store.details['format'] ?? ''}) is now backup ${id} of ${job}: ` +
      `${counted(content.records, 'key')}, ${bytes(content.bytes)} ${of}.`,
    ...leftOut.map(
      ({ reason, count, examples: names }) =>
        `  ${counted(count, 'key')}: ${reason} (${names.map(visible).join(', ')}${count > names.length ? ', …' : ''})`,
    ),
    manifest,
  ];
}
