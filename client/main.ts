#!/usr/bin/env node
import { Command, CommanderError, Help, type Option } from 'commander';
import project from '../package.json' with { type: 'json' };
import { become } from './become.ts';
import { addApproveCommand } from './commands/approve.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addCatCommand } from './commands/cat.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDeclineCommand } from './commands/decline.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportCommand } from './commands/import.ts';
import { addFetchCommand } from './commands/fetch.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addListCommand } from './commands/list.ts';
import { addPruneCommand } from './commands/prune.ts';
import { addRenderCommand } from './commands/render.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addShowCommand } from './commands/show.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { addStatusCommand } from './commands/status.ts';
import { addStartScheduleCommand } from './commands/start-schedule.ts';
import { reportFailure } from './failure.ts';
import { Ended, Interrupted, type Io } from './io.ts';
import { addGlobalOptions } from './options.ts';
import { flush } from './output.ts';

/**
 * Every command stands in commands/<name>.ts, exports `add<Name>Command(program, io)`, and is named here.
 * Its action reads the global options with `globalOptions(command)`, writes its result to `io.stdout`,
 * and fails by throwing: a HoldfastError gives the exit code of the catalogue.
 */
const commands: readonly ((program: Command, io: Io) => void)[] = [
  addBackupCommand,
  addRestoreCommand,
  addApproveCommand,
  addDeclineCommand,
  addStartScheduleCommand,
  addStatusCommand,
  addListCommand,
  addShowCommand,
  addInspectCommand,
  addCatCommand,
  addFetchCommand,
  addVerifyCommand,
  addPruneCommand,
  addImportCommand,
  addExportCommand,
  addConfigCommand,
  addRenderCommand,
];

/** Runs one command line (without `node` and the script); gives the exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync(args, { from: 'user' });
    await flush(io.stdout);
    return 0;
  } catch (error) {
    // Commander has printed its message already; `--help` and `--version` come this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Ended) return error.exit;
    return reportFailure(error, io, { debug: args.includes('--debug'), json: args.includes('--json') });
  }
}

function createProgram(io: Io): Command {
  const program = new Command('holdfast')
    .description('Backs up the stores of a platform, proves each backup, and restores it.')
    .version(project.version)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .showHelpAfterError('(`--help` shows what is possible)')
    .exitOverride();
  addGlobalOptions(program);
  for (const add of commands) add(program, io);
  return program;
}

/** As commander words it, but without defaults that go without saying. */
function optionDescription(this: Help, option: Option): string {
  return Help.prototype.optionDescription.call(this, option).replace(/ \(default: (false|\[\])\)$/, '');
}

/** Aborts on the first Ctrl-C, so that the command can tidy up; the second one ends the process. */
function processIo(): Io {
  const controller = new AbortController();
  const interrupt = (exit: Interrupted['exit']): void => {
    if (controller.signal.aborted) process.exit(exit);
    controller.abort(new Interrupted(exit));
  };
  process.on('SIGINT', () => interrupt(130));
  process.on('SIGTERM', () => interrupt(143));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') interrupt(141);
    else controller.abort(error);
  });
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env, signal: controller.signal, become };
}

if (import.meta.main) {
  const io = processIo();
  process.exitCode = await run(process.argv.slice(2), io);
  // What was interrupted may have left a request that nobody waits for any more.
  if (io.signal.aborted) process.exit();
}
