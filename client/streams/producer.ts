import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Io } from '../io.ts';

/**
 * What a command writes to its stdout. Throws at the end where it fails: whoever reads it must not take what came until
 * then for the whole.
 */
export async function* produced([command = '', ...args]: readonly string[], io: Io): AsyncGenerator<Buffer> {
  const child = spawn(command, args, { stdio: ['inherit', 'pipe', 'inherit'], signal: io.signal });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  // It is awaited below; until then, a failure to start must not count as unhandled.
  ended.catch(() => undefined);
  let finished = false;
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const [code, signal] = await ended.catch((cause: unknown) => {
      io.signal.throwIfAborted();
      throw new HoldfastError('BadRequest', `${command} cannot be run: ${String(cause)}.`, { cause });
    });
    finished = true;
    if (code === 0) return;
    const how = signal === null ? `with exit code ${code ?? '?'}` : `by ${signal}`;
    throw new HoldfastError('StreamBroken', `${command} ended ${how}, so what it wrote may be a part.`);
  } finally {
    if (!finished) child.kill();
  }
}
