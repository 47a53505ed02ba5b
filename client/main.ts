#!/usr/bin/env node
import { Command, CommanderError, Help, type Option } from 'commander';
import project from '../package.json' with { type: 'json' };
import { become } from './become.ts';
import { reportFailure } from './failure.ts';
import { Ended, Interrupted, type Io } from './io.ts';
import { addGlobalOptions } from './options.ts';
import { flush } from './output.ts';

type AddCommand = (program: Command, io: Io) => void;

/**
 * Every command stands in commands/<name>.ts, exports `add<Name>Command(program, io)`, and is named here.
 * Its action reads the global options with `globalOptions(command)`, writes its result to `io.stdout`,
 * and fails by throwing: a HoldfastError gives the exit code of the catalogue.
 *
 * A command is loaded when it is wanted: what another one needs would take time and memory for nothing.
 */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map(
  Object.entries({
    backup: async () => (await import('./commands/backup.ts')).addBackupCommand,
    restore: async () => (await import('./commands/restore.ts')).addRestoreCommand,
    approve: async () => (await import('./commands/approve.ts')).addApproveCommand,
    decline: async () => (await import('./commands/decline.ts')).addDeclineCommand,
    'start-schedule': async () => (await import('./commands/start-schedule.ts')).addStartScheduleCommand,
    run: async () => (await import('./commands/run.ts')).addRunCommand,
    alarms: async () => (await import('./commands/alarms.ts')).addAlarmsCommand,
    status: async () => (await import('./commands/status.ts')).addStatusCommand,
    doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
    list: async () => (await import('./commands/list.ts')).addListCommand,
    show: async () => (await import('./commands/show.ts')).addShowCommand,
    inspect: async () => (await import('./commands/inspect.ts')).addInspectCommand,
    diff: async () => (await import('./commands/diff.ts')).addDiffCommand,
    cat: async () => (await import('./commands/cat.ts')).addCatCommand,
    fetch: async () => (await import('./commands/fetch.ts')).addFetchCommand,
    verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
    drill: async () => (await import('./commands/drill.ts')).addDrillCommand,
    pin: async () => (await import('./commands/pin.ts')).addPinCommand,
    unpin: async () => (await import('./commands/unpin.ts')).addUnpinCommand,
    trust: async () => (await import('./commands/trust.ts')).addTrustCommand,
    prune: async () => (await import('./commands/prune.ts')).addPruneCommand,
    import: async () => (await import('./commands/import.ts')).addImportCommand,
    export: async () => (await import('./commands/export.ts')).addExportCommand,
    config: async () => (await import('./commands/config.ts')).addConfigCommand,
    put: async () => (await import('./commands/put.ts')).addPutCommand,
    get: async () => (await import('./commands/get.ts')).addGetCommand,
    'one-shot': async () => (await import('./commands/one-shot.ts')).addOneShotCommand,
    ecs: async () => (await import('./commands/ecs.ts')).addEcsCommand,
    render: async () => (await import('./commands/render.ts')).addRenderCommand,
  }),
);

/** Runs one command line (without `node` and the script); gives the exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = await createProgram(args, io);
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

async function createProgram(args: readonly string[], io: Io): Promise<Command> {
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
  // A command that stands behind an option is found among all of them, as are misspelt ones, and the help.
  const wanted = commands.get(args[0] ?? '');
  const loaded = await Promise.all(
    (wanted === undefined ? [...commands.values()] : [wanted]).map((load) => load()),
  );
  for (const add of loaded) add(program, io);
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
