import type { Command } from 'commander';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { markBackup } from '../mark.ts';
import { globalOptions } from '../options.ts';
import { addSourceOptions, withSource } from '../sources.ts';

export function addPinCommand(program: Command, io: Io): void {
  const pin = program
    .command('pin')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('keep a backup, whatever `keep` says')
    .description('Keep a backup until it is unpinned, whatever `keep` of the job says.')
    .option('--reason <text>', 'why, for those who come later');
  addSourceOptions(pin)
    .action((job: string, backup: string, { reason }: { readonly reason?: string }, command: Command) =>
      withSource(job, command, io, (source) => {
        const { json } = globalOptions(command);
        return markBackup(
          source,
          backup,
          { mark: 'pinned', set: true, json, ...(reason !== undefined && { reason }) },
          io,
        );
      }),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast pin consul-prod', 'the newest'],
        ['holdfast pin consul-prod 20261122T041500Z --reason "before the move"', 'one, with a reason'],
      ),
    );
}
