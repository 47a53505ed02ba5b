import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { examples } from '../help.ts';
import { Ended, type Io } from '../io.ts';
import { write } from '../output.ts';
import { filesOf } from '../templates/files.ts';
import { render } from '../templates/render.ts';
import { putInPlace, replaceFile } from '../templates/replace-file.ts';
import { splitAtDashes, type Words } from '../words.ts';

interface RenderOptions {
  readonly backup: boolean;
  readonly dryRun: boolean;
  readonly strict: boolean;
}

export function addRenderCommand(program: Command, io: Io): void {
  program
    .command('render')
    .argument(
      '<file...>',
      'files, or patterns in quotes such as "/etc/app/*.conf"; then, after --, a command',
    )
    .summary('fill in ${NAME} in files from the environment')
    .description(
      'Fill in ${NAME} and ${NAME:-default} in files, in place, from the environment; then, after --, become ' +
        'another command. No file is touched unless every one can be filled in.',
    )
    .usage('[options] <file...> [-- <command> [arguments...]]')
    .option('-b, --backup', 'keep each file as it was, as FILE.bak', false)
    .option('-d, --dry-run', 'write what comes out to stdout, change nothing and run nothing', false)
    .option('-s, --strict', 'take no default: every variable must be set', false)
    .action((_words: readonly string[], options: RenderOptions, command: Command) =>
      renderFiles(splitAtDashes(program, command), options, io),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast render app.conf', 'fill in app.conf'],
        ['holdfast render -d app.conf', 'only look what would come out'],
        ["holdfast render '/etc/nginx/*.conf' -- nginx -g 'daemon off;'", 'as the command of a container'],
      ),
    );
}

async function renderFiles(
  { before: names, after: command }: Words,
  { backup, dryRun, strict }: RenderOptions,
  io: Io,
): Promise<void> {
  const files = await Promise.all(
    (await filesOf(names)).map(async (path) => {
      const template = await readFile(path);
      return { path, template, ...render(template, io.env, strict) };
    }),
  );
  const problems = files.flatMap((file) => file.problems.map((problem) => `${file.path}: ${problem}`));
  if (problems.length > 0) throw new HoldfastError('TemplateFailed', `${problems.join('; ')}.`);

  for (const { path, template, bytes } of files) {
    if (dryRun) await write(io.stdout, bytes, io.signal);
    else {
      if (backup) await putInPlace(`${path}.bak`, template, path);
      await replaceFile(path, bytes);
    }
  }
  io.signal.throwIfAborted();
  if (!dryRun && command.length > 0) throw new Ended(await io.become(command));
}
