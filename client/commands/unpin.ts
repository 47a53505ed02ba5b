import type { Command } from 'commander';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { marking } from '../mark.ts';
import { addSourceOptions } from '../sources.ts';

export function addUnpinCommand(program: Command, io: Io): void {
  const unpin = program
    .command('unpin')
    .argument('<job>', 'the job')
    .argument('<backup>', 'an id, latest, or before:<time>')
    .summary('leave a pinned backup to `keep` again')
    .description('Leave a pinned backup to `keep` of the job again. The next backup may remove it.');
  addSourceOptions(unpin)
    .action(marking(io, 'pinned', false))
    .addHelpText('after', examples(['holdfast unpin consul-prod 20261122T041500Z', 'one']));
}
