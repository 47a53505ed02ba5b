import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

export interface TiedDirectory {
  readonly path: string;
  /** Removes it with all that is in it. Asked again, it does nothing. */
  remove(): Promise<void>;
}

/**
 * Waits on a pipe whose other end only this process holds. When the pipe ends without a word, it removes the
 * directory; more than once, since a program that ends at this moment may still be writing into it.
 */
const script =
  'read -r word <&3 || for _ in 1 2 3 4 5; do rm -rf -- "$1" 2>/dev/null && break; sleep 1; done';

/** Makes a directory (0700), named after this process, that is gone when this process is, however this process ends (`kill -9` too). */
export async function makeTiedDirectory(parent: string, prefix: string): Promise<TiedDirectory> {
  const path = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  const keeper = spawn('/bin/sh', ['-c', script, 'sh', path], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const lifeline = keeper.stdio[3];
  if (keeper.pid === undefined || !(lifeline instanceof Writable)) {
    await rm(path, { recursive: true, force: true });
    throw new Error('/bin/sh did not start');
  }
  lifeline.on('error', () => undefined);
  const ended = once(keeper, 'exit');
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      lifeline.end('removed\n');
      await ended;
    },
  };
}
