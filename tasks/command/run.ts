import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { OutputTail } from '../../workflows/contract/task.ts';
import { createTail } from '../tail.ts';
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
  /** Milliseconds. */
  readonly timeLimit: number;
  /** Stops the command. */
  readonly signal: AbortSignal;
  /** Called once a second. */
  readonly onView: (view: CommandView, stopping: boolean) => void;
}

/** Milliseconds. */
const viewInterval = 1000;
/** What left the process group may hold its output open for ever; for so long it is waited for (milliseconds). */
const outputPatience = 2000;

/**
 * Runs a command to its end, and what it leaves behind in its process group too. Told to stop, or at its time limit,
 * all of it gets SIGTERM, and after the grace SIGKILL.
 *
 * @throws TaskFailed where it cannot be started
 */
export async function runCommand(
  job: string,
  command: CommandSettings,
  options: RunOptions,
): Promise<CommandEnd> {
  const { facts, timeLimit, signal, onView } = options;
  const account = command.user === undefined ? undefined : await findAccount(job, command.user);
  const env = { ...commandEnvironment(options.env, account, command.env), ...facts };
  const stdout = createTail();
  const stderr = createTail();
  const startedAt = new Date().toISOString();
  const group = await spawnGroup(command.argv, { ...command, env, account }).catch((error: unknown) => {
    throw notStarted(job, command, error);
  });
  group.stdout.on('data', stdout.add);
  group.stderr.on('data', stderr.add);
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
  const limit = setTimeout(stop('time limit'), timeLimit);
  const showing = setInterval(() => onView(view(), stopped !== undefined), viewInterval);
  signal.addEventListener('abort', asked, { once: true });
  if (signal.aborted) asked();
  try {
    const ended = once(group.child, 'close');
    const [status, signalName] = (await once(group.child, 'exit')) as [number | null, NodeJS.Signals | null];
    const endedAt = new Date().toISOString();
    clearTimeout(limit);
    await endRest(group, command.grace, ended);
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

/** A run is over when all of it is: what the command left running would run beside the next one. */
async function endRest(group: TiedGroup, grace: number, ended: Promise<unknown>): Promise<void> {
  const end = Date.now() + grace;
  if (group.signal('SIGTERM')) {
    for (let pause = 5; group.signal('SIGCONT') && Date.now() < end; pause = Math.min(pause * 2, 200)) {
      await sleep(pause);
    }
    group.signal('SIGKILL');
  }
  await Promise.race([ended, sleep(outputPatience)]);
  group.stdout.destroy();
  group.stderr.destroy();
}

function notStarted(job: string, { directory, user }: CommandSettings, error: unknown): HoldfastError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const hint =
    code === 'EPERM'
      ? `its user (${user ?? 'the worker’s'}) can be taken on only by a worker of root`
      : `look at its working directory, ${directory}`;
  return new HoldfastError('TaskFailed', `Task ${job} was not started (${code}): ${hint}.`, { cause: error });
}
