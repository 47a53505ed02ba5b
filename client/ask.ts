import { createInterface } from 'node:readline/promises';
import type { Io } from './io.ts';

/** Whether a person sits there who can answer. */
export function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true;
}

/**
 * Asks on stderr, so that a redirected result stays clean; gives the answer without spaces around it, or nothing
 * where the input ends. Throws when the command is interrupted.
 */
export async function ask(io: Io, question: string): Promise<string> {
  // As a terminal, readline would take Ctrl-C for itself.
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    return await Promise.race([
      lines.question(question, { signal: io.signal }).then((answer) => answer.trim()),
      new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
    ]);
  } finally {
    lines.close();
  }
}
