import { spawn, type ChildProcess } from 'node:child_process';
import { Writable, type Readable } from 'node:stream';

/** A user of the system, by number. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface TiedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * A shell in the background of the command waits on a pipe (file descriptor 3) whose other end only this process
 * holds. When the pipe ends without a word, it kills the process group of the command. The command itself replaces
 * the outer shell, so that the child's process id, signals and exit code are its own.
 */
const script = '{ read -r word <&3 || kill -s KILL -- -$$; } >/dev/null 2>&1 & exec "$@" 3<&-';

/**
 * Starts a command that cannot outlive this process, however this process ends (`kill -9` too); nor can its
 * children. It leads its own process group, so Ctrl-C in the terminal reaches only this process, which then stops
 * things in the right order. POSIX `sh` is all it needs.
 */
export function spawnTied(
  command: readonly string[],
  options: {
    cwd?: string | undefined;
    env?: Readonly<NodeJS.ProcessEnv> | undefined;
    /** As whom it runs; only root may say so. */
    user?: User | undefined;
  },
): TiedProcess {
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...options.user,
  });
  const lifeline = child.stdio[3];
  const { pid, stdout, stderr } = child;
  if (pid === undefined || !stdout || !stderr || !(lifeline instanceof Writable)) {
    throw new Error(`Cannot start ${command[0] ?? ''}: /bin/sh did not start.`);
  }
  lifeline.on('error', () => undefined);
  // The waiting shell must go with the command: its process id may soon belong to somebody else.
  child.once('exit', () => lifeline.end('ended\n'));
  return { child, pid, stdout, stderr };
}
