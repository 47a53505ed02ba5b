import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Gives a file other bytes, with its mode and owner kept: at once, so that nobody ever sees a part. Where its folder
 * does not let that happen (a single file mounted into a container, no right to make files beside it, a file of
 * another owner) it is written over in place, as envplate does it.
 */
export async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  // A link stays a link: what it points to is replaced.
  const target = await realpath(path);
  try {
    await putInPlace(target, bytes, target);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    await writeFile(target, bytes);
  }
}

/** Makes or replaces a file with the mode and owner of another one. */
export async function putInPlace(path: string, bytes: Buffer, like: string): Promise<void> {
  const { mode, uid, gid } = await stat(like);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    const own = await file.stat();
    if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
    await file.writeFile(bytes);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(String(code));
}
