import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { OutputTail } from '../../workflows/contract/task.ts';
import { createTail, type Tail } from '../tail.ts';
import { findAccount } from './account.ts';
import { commandEnvironment } from './environment.ts';
import { spawnGroup, type TiedGroup } from './lifeline.ts';
import type { CommandSettings } from './settings.ts';

/** What is known of a command at work. */
export interface CommandView {
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly stdout: OutputTail;
  readonly stderr: OutputTail;
}

export interface CommandEnd extends CommandView {
  readonly endedAt: string;
  /** One of the two. */
  readonly exitStatus?: number;
  readonly signal?: NodeJS.Signals;
  /** Why it was told to stop; absent where it ended by itself. */
  readonly stopped?: 'asked' | 'time limit';
}

export interface RunOptions {
  /** Of the worker. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the command finds in its environment about its run. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it finds on stdin; absent: nothing. */
  readonly input?: string;
  /** Milliseconds. */
  readonly timeLimit: number;
  /** Stops the command. */
  readonly signal: AbortSignal;
  /**
   * Takes the whole of an output, at its own pace: a command that writes faster waits. Never throws: where it ends
   * early, the command goes on, and the rest is dropped.
   */
  readonly keep?: (name: 'stdout' | 'stderr', output: AsyncIterable<Buffer>) => Promise<void>;
  /** Called once a second. */
  readonly onView: (view: CommandView, stopping: boolean) => void;
}

/** Node takes a longer timer for none. */
const longestTimer = 2 ** 31 - 1;
/** Milliseconds. */
const viewInterval = 1000;
/** What left the process group may hold its output open for ever; once it is silent for so long, it is given up. */
const outputPatience = 2000;

/**
 * Runs a command to its end, and what it leaves behind in its process group too. Told to stop, or at its time limit,
 * all of it gets SIGTERM, and after the grace SIGKILL.
 *
 * @throws TaskFailed where it cannot be started
 */
export async function runCommand(
  /** For messages: `Task rotate`. */
  title: string,
  command: CommandSettings,
  options: RunOptions,
): Promise<CommandEnd> {
  const { facts, timeLimit, signal, onView, keep } = options;
  const account = command.user === undefined ? undefined : await findAccount(title, command.user);
  const env = { ...commandEnvironment(options.env, account, command.env), ...facts };
  const stdout = createTail();
  const stderr = createTail();
  const startedAt = new Date().toISOString();
  const group = await spawnGroup(command.argv, {
    ...{ ...command, env, account },
    ...(options.input !== undefined && { input: options.input }),
  }).catch((error: unknown) => {
    throw notStarted(title, command, error);
  });
  const kept = [
    collect(group.stdout, stdout, keep && ((output) => keep('stdout', output))),
    collect(group.stderr, stderr, keep && ((output) => keep('stderr', output))),
  ];
  const view = (): CommandView => ({
    pid: group.pid,
    startedAt,
    stdout: stdout.read(),
    stderr: stderr.read(),
  });

  let stopped: CommandEnd['stopped'];
  let killing: NodeJS.Timeout | undefined;
  const stop = (why: 'asked' | 'time limit') => (): void => {
    if (stopped !== undefined) return;
    stopped = why;
    group.signal('SIGTERM');
    killing = setTimeout(() => group.signal('SIGKILL'), command.grace);
    onView(view(), true);
  };
  const asked = stop('asked');
  const limit = setTimeout(stop('time limit'), Math.min(timeLimit, longestTimer));
  const showing = setInterval(() => onView(view(), stopped !== undefined), viewInterval);
  signal.addEventListener('abort', asked, { once: true });
  if (signal.aborted) asked();
  try {
    const ended = once(group.child, 'close');
    const [status, signalName] = (await once(group.child, 'exit')) as [number | null, NodeJS.Signals | null];
    const endedAt = new Date().toISOString();
    clearTimeout(limit);
    await endGroup(group, command.grace);
    await endOutputs([group.stdout, group.stderr], ended);
    await Promise.all(kept);
    return {
      ...view(),
      endedAt,
      ...(status !== null && { exitStatus: status }),
      ...(signalName !== null && { signal: signalName }),
      ...(stopped !== undefined && { stopped }),
    };
  } finally {
    signal.removeEventListener('abort', asked);
    clearTimeout(limit);
    clearTimeout(killing);
    clearInterval(showing);
    group.release();
  }
}

/** Ends when the output has, and what keeps it is done. */
async function collect(
  output: Readable,
  tail: Tail,
  keep: ((output: AsyncIterable<Buffer>) => Promise<void>) | undefined,
): Promise<void> {
  output.on('data', tail.add);
  if (keep === undefined) return;
  const copy = output.pipe(new PassThrough());
  // What is destroyed never ends by itself.
  output.once('close', () => copy.end());
  await keep(copy).finally(() => {
    output.unpipe(copy);
    output.resume();
  });
}

/** A run is over when all of it is: what the command left running would run beside the next one. */
async function endGroup(group: TiedGroup, grace: number): Promise<void> {
  if (!group.signal('SIGTERM')) return;
  const end = Date.now() + grace;
  for (let pause = 5; group.signal('SIGCONT'); pause = Math.min(pause * 2, 200)) {
    if (Date.now() >= end) {
      group.signal('SIGKILL');
      return;
    }
    await sleep(pause);
  }
}

/** Waits until the outputs have ended, and gives them up where somebody outside of the group holds them open. */
async function endOutputs(outputs: readonly Readable[], ended: Promise<unknown>): Promise<void> {
  let heardAt = Date.now();
  for (const output of outputs) output.on('data', () => (heardAt = Date.now()));
  const over = ended.then(() => true);
  while (!(await Promise.race([over, sleep(100, false)]))) {
    // One that is paused is not silent: what keeps it is slower.
    if (outputs.some((output) => output.isPaused())) heardAt = Date.now();
    if (Date.now() - heardAt < outputPatience) continue;
    for (const output of outputs) output.destroy();
    return;
  }
}

function notStarted(title: string, { directory, user }: CommandSettings, error: unknown): HoldfastError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const hint =
    code === 'EPERM'
      ? `its user (${user ?? 'the worker’s'}) can be taken on only by a worker of root`
      : `look at its working directory, ${directory}`;
  return new HoldfastError('TaskFailed', `${title} was not started (${code}): ${hint}.`, { cause: error });
}
