import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../client/main.ts';
import { fakeIo, type FakeOptions, type Ran } from './fake-io.ts';

/** The command line as it is used against a Temporal server. */
export interface Driver {
  /** The file of its configuration. */
  readonly config: string;
  /** The address of its storage. */
  readonly storage: string;
  /** Runs a command line to its end. */
  holdfast(...args: readonly string[]): Promise<Ran>;
  /** Starts one that a person watches: answers come later, or an interruption. */
  start(options: FakeOptions, ...args: readonly string[]): Running;
  cleanup(): Promise<void>;
}

export interface Running {
  readonly ended: Promise<Ran>;
  /** Waits until it has written that on stdout or stderr. */
  shows(text: string | RegExp): Promise<void>;
  /** Types a line. */
  type(line: string): void;
  interrupt(reason: Error): void;
}

/** `jobs` as in holdfast.yaml; commands that drive Temporal look at nothing else of it. */
export async function createDriver(
  temporal: string,
  jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-driver-'));
  await mkdir(join(folder, 'backups'));
  const file = join(folder, 'holdfast.yaml');
  const consul = { address: 'http://127.0.0.1:1' };
  const settings = {
    storages: { main: { directory: { path: join(folder, 'backups') } } },
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [
        name,
        'command' in job ? job : { storage: 'main', consul, ...job },
      ]),
    ),
  };
  await writeFile(file, JSON.stringify(settings));
  const env = {
    TEMPORAL_ADDRESS: temporal,
    HOLDFAST_CONFIG: file,
    HOME: folder,
    USER: 'tester',
    ...environment,
  };

  const start = (options: FakeOptions, ...args: readonly string[]): Running => {
    const interruption = new AbortController();
    const stdin = Object.assign(new PassThrough(), { isTTY: options.terminal === true });
    if (options.terminal !== true) stdin.end();
    const io = fakeIo({ env, signal: interruption.signal, stdin, ...options });
    const output = (): string => Buffer.concat([...io.written.stdout, ...io.written.stderr]).toString();
    const ended = run(args, io).then((exit) => {
      const stdout = Buffer.concat(io.written.stdout);
      const stderr = Buffer.concat(io.written.stderr).toString();
      return { exit, stdout, text: stdout.toString(), stderr, became: io.became };
    });
    return {
      ended,
      type: (line) => void stdin.write(`${line}\n`),
      interrupt: (reason) => interruption.abort(reason),
      async shows(text) {
        const end = Date.now() + 60_000;
        for (;;) {
          if (typeof text === 'string' ? output().includes(text) : text.test(output())) return;
          if (Date.now() > end)
            throw new Error(`${String(text)} was not shown in a minute, but: ${output()}`);
          await sleep(50);
        }
      },
    };
  };
  return {
    config: file,
    storage: `file://${join(folder, 'backups')}`,
    start,
    holdfast: (...args) => start({}, ...args).ended,
    cleanup: () => rm(folder, { recursive: true, force: true }),
  };
}
