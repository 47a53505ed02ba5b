import type { Command } from 'commander';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { marking } from '../mark.ts';
import { addSourceOptions } from '../sources.ts';

export function addPinCommand(program: Command, io: Io): void {
  const pin = program
    .command('pin')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('keep a backup, whatever `keep` says')
    .description('Keep a backup until it is unpinned, whatever `keep` of the job says.')
    .option('--reason <text>', 'why, for those who come later');
  addSourceOptions(pin)
    .action(marking(io, 'pinned', true))
    .addHelpText(
      'after',
      examples(
        ['holdfast pin consul-prod', 'the newest'],
        ['holdfast pin consul-prod 20261122T041500Z --reason "before the move"', 'one, with a reason'],
      ),
    );
}
