import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Progress } from './progress.ts';

/** A program that a Go module holds. */
export interface GoProgram {
  /** Import path of the main package. */
  readonly package: string;
  /** Version of the module it is in, with the `v`. */
  readonly version: string;
  /** Name of the file to make. */
  readonly file: string;
  /** Go variables to set, for programs that learn their version only from their own makefile. */
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * Builds a Go program into the folder. It is required from a go.mod of our own, since `go install` refuses modules
 * with replace directives (Consul has some), and so every program is built in one way.
 */
export async function buildGoProgram(program: GoProgram, folder: string, progress: Progress): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-go-'));
  const env = { CGO_ENABLED: '0', GOWORK: 'off' };
  const go = (...words: string[]) => run(['go', ...words], { cwd, env });
  try {
    progress.step('looking for Go');
    await requireGo(cwd);
    await writeFile(join(cwd, 'go.mod'), 'module holdfast.local/services\n\ngo 1.25.0\n');

    progress.step('downloading its source and that of its dependencies');
    await go('get', '-tool', `${program.package}@${program.version}`);
    const total = (await go('list', '-deps', program.package)).split('\n').length;

    progress.step('compiling');
    let compiled = 0;
    await run(
      [
        'go',
        'build',
        '-v',
        '-ldflags',
        linkerFlags(program),
        '-o',
        join(folder, program.file),
        program.package,
      ],
      {
        cwd,
        env,
        onLine: () => progress.detail(`${++compiled} of at most ${total} packages`),
      },
    );
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function linkerFlags({ variables = {} }: GoProgram): string {
  // Without symbol tables the programs are a third smaller.
  return ['-s', '-w', ...Object.entries(variables).map(([name, value]) => `-X=${name}=${value}`)].join(' ');
}

/** From 1.21 on, Go fetches the newer version of itself that a module asks for. */
const oldestUsable = 21;

async function requireGo(cwd: string): Promise<void> {
  const needed =
    'Go 1.25 or later is needed to build it. Install it (https://go.dev/dl, or your package manager where it is ' +
    'new enough) and put `go` on PATH; or put the server itself on PATH, in the version named above.';
  const found = await run(['go', 'version'], { cwd }).catch((cause: unknown) => {
    throw new Error(needed, { cause });
  });
  const minor = /\bgo1\.(\d+)/.exec(found)?.[1];
  if (minor !== undefined && Number(minor) < oldestUsable) throw new Error(`${needed} Found: ${found}`);
}
