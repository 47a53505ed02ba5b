import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawnTied, type User } from '../../stores/lifeline.ts';

const linesKept = 15;

/**
 * Runs one command of a build to its end.
 * @param onLine receives each line of its output (both streams).
 * @returns its standard output.
 * @throws an error with the command, how it ended and the last lines it wrote.
 */
export async function run(
  command: readonly string[],
  options: {
    cwd: string;
    env?: Readonly<Record<string, string>> | undefined;
    user?: User | undefined;
    onLine?: (line: string) => void;
  },
): Promise<string> {
  const { child, stdout, stderr } = spawnTied(command, options);
  const output: string[] = [];
  const last: string[] = [];
  const see = (line: string) => {
    last.push(line);
    if (last.length > linesKept) last.shift();
    options.onLine?.(line);
  };
  createInterface({ input: stdout }).on('line', (line) => {
    output.push(line);
    see(line);
  });
  createInterface({ input: stderr }).on('line', see);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return output.join('\n');
  throw new Error(
    [
      `\`${command.join(' ')}\` ${signal ? `was ended by ${signal}` : `failed with exit code ${code ?? 'unknown'}`}.`,
      last.length > 0 ? 'Its last lines were:' : 'It wrote nothing.',
      ...last.map((line) => `  ${line}`),
    ].join('\n'),
  );
}
