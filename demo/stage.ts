import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { startAll, type Services } from '../services/all.ts';
import { pathForDrills } from '../services/on-path.ts';
import { spawnTied, type TiedProcess } from '../stores/lifeline.ts';

/** Where the demo plays: servers, a worker, and a terminal on which commands are shown as they are run. */
export interface Stage {
  readonly services: Services;
  /** Writes holdfast.yaml. */
  configure(yaml: string): Promise<void>;
  startWorker(): Promise<void>;
  title(text: string): void;
  say(text: string): void;
  /** What the command line needs to reach these servers with this configuration. */
  readonly environment: Readonly<Record<string, string>>;
  /** Shows a `holdfast` command line, and all that it prints. Throws where it fails. */
  holdfast(...args: readonly string[]): Promise<void>;
  /** Runs a command line unseen; gives the JSON that it prints. */
  ask(...args: readonly string[]): Promise<string>;
  interrupt(): void;
  interrupted(): boolean;
  untilInterrupted(): Promise<void>;
  close(): Promise<void>;
}

const project = join(import.meta.dirname, '..');
const bold = (text: string) =>
  process.stdout.isTTY && !process.env['NO_COLOR'] ? `\x1b[1m${text}\x1b[0m` : text;
const write = (text: string) => void process.stdout.write(text);

export async function createStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  const services = await startAll(join(directory, 'services'), { opensearch: true }).catch(
    async (error: unknown) => {
      await rm(directory, { recursive: true, force: true });
      throw error;
    },
  );
  const config = join(directory, 'holdfast.yaml');
  const env = { ...services.environment, HOLDFAST_CONFIG: config, PATH: await pathForDrills() };
  const told = new AbortController();
  const holdfast = (args: readonly string[], stdout: 'inherit' | 'pipe'): ChildProcess => {
    told.signal.throwIfAborted();
    return spawn(process.execPath, [join(project, 'client/main.ts'), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout, 'inherit'],
      signal: told.signal,
      killSignal: 'SIGINT',
    });
  };
  let worker: TiedProcess | undefined;
  let step = 0;

  return {
    services,
    environment: env,
    configure: (yaml) => writeFile(config, yaml),
    async startWorker() {
      // The very command of `npm run worker`, without npm.
      worker = spawnTied(['/bin/sh', '-c', `exec env ${manifest.scripts.worker}`], { cwd: project, env });
      await ready(worker);
    },
    title(text) {
      step++;
      write(`\n${bold(`${step}. ${text}`)}\n\n`);
    },
    say: (text) => write(`${text}\n`),
    async holdfast(...args) {
      write(`${bold(`$ holdfast ${args.join(' ')}`)}\n`);
      // It writes to the terminal itself: so its progress is seen, and all of it in the right order.
      const child = holdfast(args, 'inherit');
      await ended(child, args);
    },
    async ask(...args) {
      const child = holdfast([...args, '--json'], 'pipe');
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
      await ended(child, args);
      return output;
    },
    interrupt: () => told.abort(),
    interrupted: () => told.signal.aborted,
    async untilInterrupted() {
      if (!told.signal.aborted) await Promise.race([once(told.signal, 'abort'), services.oneEnded]);
    },
    async close() {
      if (worker !== undefined && worker.child.exitCode === null) {
        worker.child.kill('SIGTERM');
        await once(worker.child, 'exit');
      }
      await services.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess, args: readonly string[]): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`holdfast ${args.join(' ')} ended with exit code ${code ?? 'none'}`);
}

/** Resolves when the worker takes work; throws with its log where it ends before that. */
async function ready({ child, stdout, stderr }: TiedProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let log = '';
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      if (text.includes('Ready')) resolve(undefined);
    });
  }
  child.once('exit', () => reject(new Error(`The worker ended by itself. The end of its log:\n${log}`)));
  await promise;
}
