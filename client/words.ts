import type { Command } from 'commander';

/** The words of a command line without its options. */
export interface Words {
  readonly before: readonly string[];
  /** What stands after `--`: a command and its arguments. */
  readonly after: readonly string[];
}

/** Tells the words before `--` from those after it, which commander mixes. */
export function splitAtDashes(program: Command, { args }: Command): Words {
  // Commander has it from its first releases on; its types do not.
  const { rawArgs } = program as Command & { readonly rawArgs: readonly string[] };
  const dashes = rawArgs.indexOf('--');
  const count = dashes === -1 ? 0 : rawArgs.length - dashes - 1;
  return { before: args.slice(0, args.length - count), after: args.slice(args.length - count) };
}
