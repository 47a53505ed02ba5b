import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** What a supervisor or a terminal sends to a process, and the process must hear of. */
const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
/** Those that a terminal itself sends to every process in it. */
const fromTerminal: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

/**
 * Lets a command take the place of this process: it has its streams and environment, hears its signals, and gives its
 * exit code (128 and the signal's number where one ended it, 127 where there is no such command, 126 where it cannot
 * be run, as shells have it).
 */
export async function become([command = '', ...args]: readonly string[]): Promise<number> {
  for (const signal of passedOn) {
    // Whoever listened before would end this process, and leave the command without a parent.
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (!(process.stdin.isTTY && fromTerminal.includes(signal))) child.kill(signal);
    });
  }
  // After that, so that a signal which comes at this very moment is passed on too.
  const child = spawn(command, args, { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      process.stderr.write(`error: cannot run ${command}: ${error.message}\n`);
      resolve(error.code === 'ENOENT' ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
