import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeat = 1_000;
/** A holder that has not touched its lock for so long was killed, wherever it ran. */
const staleAfter = 10_000;

/**
 * Runs the work while no other process that asks for the same lock file runs its own; waits for its turn.
 * A holder that was killed does not block the others: on this machine its process is seen to be gone, elsewhere
 * (containers that share the folder) the file is no longer touched.
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
    await writeFile(file, `${process.pid} ${hostname()}`, { flag: 'wx', mode: 0o600 });
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
  try {
    if (!(await isStale(file))) return;
    // Renamed first: of several that find it stale, one gets it. A slow one may catch the lock of the next holder
    // instead, and puts it back.
    const aside = `${file}.${randomUUID()}`;
    await rename(file, aside);
    if (!(await isStale(aside))) await link(aside, file);
    await rm(aside, { force: true });
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error; // Given back in the meantime.
  }
}

async function isStale(file: string): Promise<boolean> {
  if (Date.now() - (await stat(file)).mtimeMs > staleAfter) return true;
  const [pid, host] = (await readFile(file, 'utf8')).split(' ');
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM'); // There, but somebody else's.
  }
}

function isCode(error: unknown, code: string): boolean {
  // Not `instanceof Error`: in Jest, errors of Node itself are of another realm.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
