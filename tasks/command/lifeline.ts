import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable, type Readable } from 'node:stream';
import type { Account } from './account.ts';

/** The leader of a process group of its own. */
export interface TiedGroup {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Sends a signal to the whole group. False where nothing is left of it. */
  signal(name: NodeJS.Signals): boolean;
  /** Lets go of what is left of it. */
  release(): void;
}

/**
 * The command waits here until the guard knows of it. Where the worker dies before that, it never begins. It then
 * becomes the command itself, so that process id, signals and exit status are its own.
 */
const gateScript = 'read -r go <&3 && exec "$@" 3<&-';

/**
 * The guard is a process beside the command, no child of it: a program that waits for all its children must not wait
 * for a guard that waits for it. When its pipe ends without a word, the worker is dead.
 */
const guardScript =
  'read -r group <&3 && { read -r word <&3 || { kill -s TERM -- "-$group"; sleep "$1"; kill -s KILL -- "-$group"; }; }';

/**
 * Starts a command whose process group cannot outlive this process, however this process ends (`kill -9` too): then
 * it gets SIGTERM, and after the grace (milliseconds; 20 s at most) SIGKILL. POSIX `sh` is all it needs. What leaves the group
 * (`setsid`) leaves its reach.
 */
export async function spawnGroup(
  argv: readonly string[],
  options: {
    readonly directory: string;
    readonly env: Readonly<Record<string, string>>;
    readonly account: Account | undefined;
    readonly grace: number;
    /** What it finds on stdin. */
    readonly input?: string;
  },
): Promise<TiedGroup> {
  const { directory: cwd, env, account, input } = options;
  const child = spawn('/bin/sh', ['-c', gateScript, 'sh', ...argv], {
    cwd,
    env,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  await once(child, 'spawn');
  const { pid, stdout, stderr } = child;
  const gate = child.stdio[3];
  if (pid === undefined || !stdout || !stderr || !(gate instanceof Writable)) throw noPipes();

  const guard = spawn('/bin/sh', ['-c', guardScript, 'sh', guardGrace(options.grace)], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const lifeline = guard.stdio[3];
  if (!(lifeline instanceof Writable)) throw noPipes();
  await once(guard, 'spawn').catch((error: unknown) => {
    gate.end();
    throw error;
  });
  // A command may end without having read its input.
  for (const pipe of [gate, lifeline, child.stdin]) pipe?.on('error', () => undefined);
  child.stdin?.end(input);
  // The pipe takes these few bytes at once: from here on the guard knows, whatever becomes of this process.
  lifeline.write(`${pid}\n`, () => gate.end('go\n'));
  return {
    ...{ child, pid, stdout, stderr },
    signal: (name) => signalGroup(pid, name),
    release: () => lifeline.end('ended\n'),
  };
}

/** Seconds. Half a minute after the worker's death the task may be run again, and must not find itself at work. */
function guardGrace(grace: number): string {
  return String(Math.min(Math.ceil(grace / 1000), 20));
}

function signalGroup(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function noPipes(): Error {
  return new Error('a process was spawned without its pipes');
}
