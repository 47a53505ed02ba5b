import type { Command } from 'commander';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { markBackup } from '../mark.ts';
import { globalOptions } from '../options.ts';
import { addSourceOptions, withSource } from '../sources.ts';

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
    .action((job: string, backup: string, { reason }: { readonly reason?: string }, command: Command) =>
      withSource(job, command, io, (source) => {
        const { json } = globalOptions(command);
        return markBackup(
          source,
          backup,
          { mark: 'trusted', set: true, json, ...(reason !== undefined && { reason }) },
          io,
        );
      }),
    )
    .addHelpText(
      'after',
      examples(['holdfast trust consul-prod latest --reason "the old region is gone"', 'the newest']),
    );
}
