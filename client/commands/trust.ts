import type { Command } from 'commander';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { marking } from '../mark.ts';
import { addSourceOptions } from '../sources.ts';

export function addTrustCommand(program: Command, io: Io): void {
  const trust = program
    .command('trust')
    .argument('<job>', 'the job')
    .argument('<backup>', 'an id, latest, or before:<time>')
    .summary('say that a suspicious backup is good')
    .description(
      'Say that a suspicious backup is good: the store really has shrunk. Later backups are compared with this one, and ' +
        'retention goes on. `holdfast show` tells what is suspicious, `holdfast diff` what has gone.',
    )
    .option('--reason <text>', 'why, for those who come later');
  addSourceOptions(trust)
    .action(marking(io, 'trusted', true))
    .addHelpText(
      'after',
      examples(['holdfast trust consul-prod latest --reason "the old region is gone"', 'the newest']),
    );
}
