import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeat = 1_000;
/** A holder that has not touched its lock for so long was killed. */
const staleAfter = 10_000;

/**
 * Runs the work while no other process that asks for the same lock file runs its own; waits for its turn.
 * The holder touches the file every second, so a killed holder blocks the others for ten seconds at most, also
 * across containers that share the folder, where process ids mean nothing.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait: () => void): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  for (let waited = false; ; waited = true) {
    const release = await tryLock(file);
    if (release) {
      try {
        return await work();
      } finally {
        await release();
      }
    }
    if (!waited) onWait();
    await sleep(300);
  }
}

/** Takes the lock now, or answers undefined: somebody else holds it. The result gives it back. */
export async function tryLock(file: string): Promise<(() => Promise<void>) | undefined> {
  await removeIfStale(file);
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined;
    throw error;
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined); // A missed touch costs others nothing; ten in a row do.
  }, heartbeat).unref();
  return async () => {
    clearInterval(timer);
    await rm(file, { force: true });
  };
}

async function removeIfStale(file: string): Promise<void> {
  const age = await ageOf(file);
  if (age === undefined || age < staleAfter) return;
  // Renamed first: of several that find it stale, one gets it, and a fresh lock is not deleted by a slow one.
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

async function ageOf(file: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(file)).mtimeMs;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
