import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Io } from './io.ts';

/** Whether a person sits there who can answer. */
export function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true;
}

/** Asks on stderr, so that a redirected result stays clean; gives the answer without spaces around it. */
export async function ask(io: Io, question: string): Promise<string> {
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  try {
    return await Promise.race([
      terminal.question(question, { signal: io.signal }).then((answer) => answer.trim()),
      new Promise<never>((_resolve, reject) => {
        terminal.once('close', () =>
          reject(new HoldfastError('NotApproved', 'Nobody answered the question.')),
        );
      }),
    ]);
  } finally {
    terminal.close();
  }
}
