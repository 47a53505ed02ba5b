import type { Command } from 'commander';
import { withStep } from '../direct/step.ts';
import { reportFailure } from '../failure.ts';
import { examples } from '../help.ts';
import { Ended, type Io } from '../io.ts';
import { backUp } from '../one-shot/backup.ts';
import { restore } from '../one-shot/restore.ts';
import { oneShotFrom } from '../one-shot/settings.ts';
import { globalOptions } from '../options.ts';
import { printLine } from '../output.ts';

export function addOneShotCommand(program: Command, io: Io): void {
  program
    .command('one-shot')
    .summary('one backup or restore of Consul, as the environment says')
    .description(
      'One backup or restore of Consul, as the environment says (ACTION, CONSUL_HOST, CONSUL_PORT, S3_BACKUP_FOLDER, ' +
        'BACKUP_FILE, VERSION, RESTORE_ID, OVERWRITE, TMP_DIR, FORMAT), as adsabs/consul-backup did it. Needs no ' +
        'Temporal. Exit code 0, or 2 for whatever fails.',
    )
    .action(async (_options: unknown, command: Command) => {
      try {
        await run(io);
      } catch (error) {
        const exit = reportFailure(error, io, globalOptions(command));
        throw new Ended(io.signal.aborted ? exit : 2);
      }
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast one-shot', 'with CONSUL_HOST and S3_BACKUP_FOLDER set: a backup'],
        ['ACTION=restore RESTORE_ID=latest holdfast one-shot', 'what is missing, from the newest'],
      ),
    );
}

async function run(io: Io): Promise<void> {
  const oneShot = oneShotFrom(io.env);
  const what = oneShot.action === 'backup' ? backUp : restore;
  const done = await withStep(oneShot.config, io, (step) => what(oneShot, step, io));
  await printLine(io, `${oneShot.action}: ${done}`);
}
