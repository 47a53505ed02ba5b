import type { Command } from 'commander';

/** Options that every command knows, before or after its name. */
export interface GlobalOptions {
  /** `--config FILE`; else HOLDFAST_CONFIG, else ./holdfast.yaml. */
  readonly config?: string;
  /** One machine-readable document (or one a line) on stdout. */
  readonly json: boolean;
  readonly debug: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .option('--config <file>', 'the configuration (default: $HOLDFAST_CONFIG, else ./holdfast.yaml)')
    .option('--json', 'machine-readable output', false)
    .option('--debug', 'show where unexpected errors happened', false);
}

/** The global options as given to this command. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals();
}
